import { expect, test } from 'vitest';
import { cgroupFolder } from './cgroup.ts';

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
  expect(cgroupFolder('memory', cgroups, mounts)).toEqual(folder);
});
