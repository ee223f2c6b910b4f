import { ManualClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { clientNetwork, createBearerFailures } from './bearer-failures.ts';

test('a minute’s failures may come at once; then they come back evenly', () => {
  const clock = new ManualClock();
  const failures = createBearerFailures(60, clock);
  for (let n = 1; n < 60; n++) expect(failures.count('a')).toBe(false);
  expect(failures.waitMs('a')).toBe(0);
  expect(failures.count('a')).toBe(true);
  expect(failures.waitMs('a')).toBe(1_000);
  clock.advance(1_000);
  expect(failures.waitMs('a')).toBe(0);
  expect(failures.count('a')).toBe(true);
  expect(failures.waitMs('a')).toBe(1_000);
  clock.advance(3_600_000);
  for (let n = 1; n < 60; n++) failures.count('a');
  expect(failures.waitMs('a')).toBe(0);
});

test('remembers only so many addresses, those that failed last', () => {
  const failures = createBearerFailures(1, new ManualClock());
  for (let n = 0; n < 10_001; n++) failures.count(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
  expect(failures.addresses).toBe(10_000);
  expect(failures.waitMs('10.0.0.0')).toBe(0);
  expect(failures.waitMs('10.0.0.1')).toBeGreaterThan(0);
});

test.each([
  ['10.0.0.7', '10.0.0.7'],
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['unknown', 'unknown'],
])('%s counts as %s', (address, network) => expect(clientNetwork(address)).toBe(network));
