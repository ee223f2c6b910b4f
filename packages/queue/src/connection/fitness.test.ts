import { expect, test } from 'vitest';
import { assertFit, parseInfo } from './fitness.ts';

const info = (lines: string) => parseInfo(lines.replaceAll(' | ', '\r\n'));

test('Redis 7.0 and Valkey 7.2 with noeviction are fit', () => {
  assertFit(info('redis_version:7.0.15 | maxmemory_policy:noeviction'));
  assertFit(info('redis_version:7.2.4 | valkey_version:8.1.0 | maxmemory_policy:noeviction'));
});

test.each(['allkeys-lru', 'volatile-ttl'])('the eviction policy %s is refused by name', (policy) => {
  expect(() => assertFit(info(`redis_version:7.4.0 | maxmemory_policy:${policy}`))).toThrow(
    expect.objectContaining({ code: 'store_unfit', message: expect.stringContaining(`"${policy}"`) }),
  );
});

test('an old store is refused, saying what is needed', () => {
  expect(() => assertFit(info('redis_version:6.2.14'))).toThrow(/redis 6.2.14.*7.0 or newer/);
});
