import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findServers, isNewEnough, parseVersion } from './find-server.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-find-'));
  await writeFile(join(dir, 'valkey-server'), '#!/bin/sh\necho "Valkey server v=8.1.1 sha=0:0 bits=64"\n');
  await chmod(join(dir, 'valkey-server'), 0o755);
  await writeFile(join(dir, 'redis-server'), 'not executable');
});
afterAll(() => rm(dir, { recursive: true }));

it('reads what both servers say of themselves', () => {
  expect(parseVersion('Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64\n')).toEqual({
    kind: 'redis',
    version: '7.0.15',
  });
  expect(parseVersion('Valkey server v=8.1.1 sha=0')).toEqual({ kind: 'valkey', version: '8.1.1' });
  expect(parseVersion('KeyDB server v=6.3.4')).toBeNull();
});

it.each([
  ['redis', '7.0.0', true],
  ['redis', '6.2.14', false],
  ['redis', '10.0.0', true],
  ['valkey', '7.2.5', true],
  ['valkey', '7.1.9', false],
] as const)('%s %s is new enough: %s', (kind, version, expected) => {
  expect(isNewEnough({ kind, version })).toBe(expected);
});

it('finds only what can be run, in the order of the path', async () => {
  const found = await findServers(['/nowhere', '', dir].join(delimiter));
  expect(found).toEqual([{ file: join(dir, 'valkey-server'), kind: 'valkey', version: '8.1.1' }]);
});
