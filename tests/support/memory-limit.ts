import { accessSync, constants } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openMemoryGroup } from '../../services/worker/src/autopsy/memory-group.ts';
import { ownFolder } from '../../services/worker/src/container/cgroup.ts';
import { until } from './queue.ts';

const read = (path: string) => readFile(path, 'utf8').catch(() => '');
const folder = ownFolder('memory');

function mayWrite(path: string): boolean {
  try {
    accessSync(join(path, 'cgroup.procs'), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Groups with a memory limit of their own can be made here: root, and the older cgroups (v1). */
export const canLimitMemory = folder?.version === 1 && mayWrite(folder.path);

/** A group of processes with a memory limit. */
export interface LimitedGroup {
  add(pid: number): Promise<void>;
  /** Processes in it that the kernel has killed for memory. */
  oomKills(): number | null;
  /** Resolves when all of them are gone. */
  end(): Promise<void>;
}

/** Puts a process, and all that it starts from now on, into a group with so many bytes and no swap. */
export async function limitMemory(pid: number, bytes: number): Promise<LimitedGroup> {
  if (folder === null) throw new Error('there are no control groups here');
  const path = join(folder.path, `millrace-test-${pid}`);
  await mkdir(path);
  await writeFile(join(path, 'memory.limit_in_bytes'), String(bytes));
  await writeFile(join(path, 'memory.swappiness'), '0').catch(() => undefined);
  const add = (one: number) => writeFile(join(path, 'cgroup.procs'), String(one));
  await add(pid);
  return {
    add,
    oomKills: openMemoryGroup({ version: 1, path }).oomKills,
    async end() {
      await until(async () => (await read(join(path, 'cgroup.procs'))) === '', 'the group is empty');
      await rmdir(path);
    },
  };
}
