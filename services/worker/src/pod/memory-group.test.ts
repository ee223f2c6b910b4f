import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { memoryFolder, openMemoryGroup } from './memory-group.ts';

const mount = (root: string, point: string, kind: string, options: string) =>
  `35 31 0:32 ${root} ${point} rw,relatime shared:9 - ${kind} cgroup ${options}`;
const V1 = mount('/', '/sys/fs/cgroup/memory', 'cgroup', 'rw,memory');
const V2 = mount('/', '/sys/fs/cgroup', 'cgroup2', 'rw,nsdelegate');

test.each([
  ['v2', '0::/user.slice/a.scope\n', V2, { version: 2, path: '/sys/fs/cgroup/user.slice/a.scope' }],
  ['v2 in a container', '0::/\n', V2, { version: 2, path: '/sys/fs/cgroup' }],
  [
    'v1 beside an unused v2',
    '4:memory:/pod/x\n1:cpu:/\n0::/\n',
    `${V1}\n${mount('/', '/sys/fs/cgroup/unified', 'cgroup2', 'rw')}`,
    { version: 1, path: '/sys/fs/cgroup/memory/pod/x' },
  ],
  [
    'v1 in a container that sees only its own part',
    '4:memory:/docker/ab\n',
    mount('/docker/ab', '/sys/fs/cgroup/memory', 'cgroup', 'rw,memory'),
    { version: 1, path: '/sys/fs/cgroup/memory' },
  ],
  ['v1 with two controllers', '4:cpu,memory:/y\n', V1, { version: 1, path: '/sys/fs/cgroup/memory/y' }],
  ['none', '', '', null],
])('finds the folder: %s', (_, cgroups, mounts, folder) => {
  expect(memoryFolder(cgroups, mounts)).toEqual(folder);
});

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
