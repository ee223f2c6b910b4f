import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openMemoryGroup } from './memory-group.ts';

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'millrace-test-cgroup-'));
});
afterEach(() => rm(path, { recursive: true }));

test('v2: reads limit and kills, and that there is no limit', async () => {
  await writeFile(join(path, 'memory.max'), '134217728\n');
  await writeFile(
    join(path, 'memory.events'),
    'low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n',
  );
  const group = openMemoryGroup({ version: 2, path });
  expect(group.limitBytes()).toBe(134_217_728);
  expect(group.oomKills()).toBe(2);
  await writeFile(join(path, 'memory.max'), 'max\n');
  expect(group.limitBytes()).toBeNull();
});

test('v1: the same, from its files', async () => {
  await writeFile(join(path, 'memory.limit_in_bytes'), '9223372036854771712\n');
  await writeFile(join(path, 'memory.oom_control'), 'oom_kill_disable 0\nunder_oom 0\noom_kill 7\n');
  const group = openMemoryGroup({ version: 1, path });
  expect(group.limitBytes()).toBeNull();
  expect(group.oomKills()).toBe(7);
  await writeFile(join(path, 'memory.limit_in_bytes'), '1000000\n');
  expect(group.limitBytes()).toBe(1_000_000);
});

test('without files there is no limit', () => {
  expect(openMemoryGroup({ version: 2, path: join(path, 'none') }).limitBytes()).toBeNull();
  expect(openMemoryGroup(null).limitBytes()).toBeNull();
});

test('pages of files do not count as held, for the kernel takes them back', async () => {
  await writeFile(join(path, 'memory.current'), '1000\n');
  await writeFile(join(path, 'memory.stat'), 'anon 500\nfile 400\ninactive_file 200\nactive_file 100\n');
  expect(openMemoryGroup({ version: 2, path }).heldBytes()).toBe(700);
  await writeFile(join(path, 'memory.usage_in_bytes'), '2000\n');
  await writeFile(
    join(path, 'memory.stat'),
    'active_file 1\ntotal_inactive_file 300\ntotal_active_file 200\n',
  );
  expect(openMemoryGroup({ version: 1, path }).heldBytes()).toBe(1_500);
  expect(openMemoryGroup(null).heldBytes()).toBeNull();
});
