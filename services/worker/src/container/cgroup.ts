import { readFileSync } from 'node:fs';

/** Where a controller of our cgroup has its files. */
export interface CgroupFolder {
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

/** Finds a controller’s folder from the texts of /proc/self/cgroup (see cgroups(7)) and /proc/self/mountinfo; null without one. */
export function cgroupFolder(controller: string, cgroups: string, mountinfo: string): CgroupFolder | null {
  const mounts = mountsOf(mountinfo);
  const lines = cgroups.split('\n').map((line) => {
    const [, controllers = '', ...path] = line.split(':');
    return { controllers: controllers.split(','), path: path.join(':') };
  });
  const v1 = lines.find(({ controllers }) => controllers.includes(controller));
  const v1Mount = mounts.find(({ kind, options }) => kind === 'cgroup' && options.includes(controller));
  if (v1 && v1Mount) return { version: 1, path: below(v1Mount, v1.path) };
  const v2 = lines.find(({ controllers, path }) => controllers[0] === '' && path !== '');
  const v2Mount = mounts.find(({ kind }) => kind === 'cgroup2');
  return v2 && v2Mount ? { version: 2, path: below(v2Mount, v2.path) } : null;
}

/** The text of a file that may not be there: '' then. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** The folder of this process's own cgroup. */
export function ownFolder(controller: string): CgroupFolder | null {
  return cgroupFolder(controller, textOf('/proc/self/cgroup'), textOf('/proc/self/mountinfo'));
}
