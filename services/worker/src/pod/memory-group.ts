import { readFileSync } from 'node:fs';

/** More than any machine has: what cgroup v1 shows where there is no limit. */
const NO_LIMIT = 2 ** 60;

/** Where the memory controller of our cgroup has its files. */
export interface MemoryFolder {
  readonly version: 1 | 2;
  readonly path: string;
}

interface Mount {
  readonly root: string;
  readonly point: string;
  readonly kind: string;
  readonly options: readonly string[];
}

/** Lines of proc_pid_mountinfo(5); the part behind the dash has the file system's type and its options. */
function mountsOf(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root, point] = before.split(' ');
    const [kind = '', , options = ''] = after.split(' ');
    return root !== undefined && point !== undefined
      ? [{ root, point, kind, options: options.split(',') }]
      : [];
  });
}

/** The path below the mount: in a container the mount may show only a part of the tree. */
function below({ root, point }: Mount, path: string): string {
  const rest = root !== '/' && path.startsWith(root) ? path.slice(root.length) : path;
  return rest === '/' || rest.startsWith('/..') ? point : `${point}${rest}`;
}

/** Finds the folder from the texts of /proc/self/cgroup (see cgroups(7)) and /proc/self/mountinfo; null without one. */
export function memoryFolder(cgroups: string, mountinfo: string): MemoryFolder | null {
  const mounts = mountsOf(mountinfo);
  const lines = cgroups.split('\n').map((line) => {
    const [, controllers = '', ...path] = line.split(':');
    return { controllers: controllers.split(','), path: path.join(':') };
  });
  const v1 = lines.find(({ controllers }) => controllers.includes('memory'));
  const v1Mount = mounts.find(({ kind, options }) => kind === 'cgroup' && options.includes('memory'));
  if (v1 && v1Mount) return { version: 1, path: below(v1Mount, v1.path) };
  const v2 = lines.find(({ controllers, path }) => controllers[0] === '' && path !== '');
  const v2Mount = mounts.find(({ kind }) => kind === 'cgroup2');
  return v2 && v2Mount ? { version: 2, path: below(v2Mount, v2.path) } : null;
}

/** What our cgroup allows, and whom the kernel killed for memory. */
export interface MemoryGroup {
  /** Bytes; null without a limit, or where nobody says. */
  limitBytes(): number | null;
  /** Processes killed for memory so far; null where nobody counts. */
  oomKills(): number | null;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function countIn(text: string): number | null {
  const count = /^oom_kill (\d+)$/m.exec(text)?.[1];
  return count === undefined ? null : Number(count);
}

/** The memory group of this process and its children. Outside of any, kills are counted by the whole machine. */
export function openMemoryGroup(
  folder = memoryFolder(textOf('/proc/self/cgroup'), textOf('/proc/self/mountinfo')),
): MemoryGroup {
  const [limit, events] =
    folder?.version === 1 ? ['memory.limit_in_bytes', 'memory.oom_control'] : ['memory.max', 'memory.events'];
  const read = (name: string) => (folder === null ? '' : textOf(`${folder.path}/${name}`));
  return {
    limitBytes() {
      const bytes = Number.parseInt(read(limit), 10);
      return bytes < NO_LIMIT ? bytes : null;
    },
    oomKills: () => countIn(read(events)) ?? countIn(textOf('/proc/vmstat')),
  };
}
