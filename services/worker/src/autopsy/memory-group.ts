import { ownFolder, textOf } from '../container/cgroup.ts';

/** More than any machine has: what cgroup v1 shows where there is no limit. */
const NO_LIMIT = 2 ** 60;

/** What our cgroup allows, and whom the kernel killed for memory. */
export interface MemoryGroup {
  /** Bytes; null without a limit, or where nobody says. */
  limitBytes(): number | null;
  /** Bytes in use, pages of files included; null where nobody says. */
  usedBytes(): number | null;
  /** Bytes in use that the kernel cannot simply take back, as it can a file's pages; null where nobody says. */
  heldBytes(): number | null;
  /** Processes killed for memory so far; null where nobody counts. */
  oomKills(): number | null;
}

function numberIn(text: string, name: string): number | null {
  const value = new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1];
  return value === undefined ? null : Number(value);
}

const FILES = {
  1: {
    limit: 'memory.limit_in_bytes',
    usage: 'memory.usage_in_bytes',
    events: 'memory.oom_control',
    // With `total_` those of groups below ours are in it, as they are in the usage.
    pages: ['total_active_file', 'total_inactive_file'],
  },
  2: {
    limit: 'memory.max',
    usage: 'memory.current',
    events: 'memory.events',
    pages: ['active_file', 'inactive_file'],
  },
} as const;

/** The memory group of this process and its children. Outside of any, kills are counted by the whole machine. */
export function openMemoryGroup(folder = ownFolder('memory')): MemoryGroup {
  const files = FILES[folder?.version ?? 2];
  const read = (name: string) => (folder === null ? '' : textOf(`${folder.path}/${name}`));
  const usedBytes = () => {
    const used = Number.parseInt(read(files.usage), 10);
    return Number.isNaN(used) ? null : used;
  };
  return {
    limitBytes() {
      const bytes = Number.parseInt(read(files.limit), 10);
      return bytes < NO_LIMIT ? bytes : null;
    },
    usedBytes,
    heldBytes() {
      const used = usedBytes();
      if (used === null) return null;
      const stat = read('memory.stat');
      return files.pages.reduce((held, name) => held - (numberIn(stat, name) ?? 0), used);
    },
    oomKills: () => numberIn(read(files.events), 'oom_kill') ?? numberIn(textOf('/proc/vmstat'), 'oom_kill'),
  };
}
