import { availableParallelism } from 'node:os';
import { type CgroupFolder, ownFolder, textOf } from './cgroup.ts';

/** Cores that the CPU limit comes to, from the texts of the cgroup's files; null without a limit. */
export function quotaOf(version: 1 | 2, read: (name: string) => string): number | null {
  const [quota = '', period = ''] =
    version === 2
      ? read('cpu.max').split(/\s+/)
      : [read('cpu.cfs_quota_us'), read('cpu.cfs_period_us')].map((text) => text.trim());
  const cores = Number(quota) / Number(period);
  return quota !== '' && cores > 0 && Number.isFinite(cores) ? cores : null;
}

/** How many processors `Cpus_allowed_list` of proc_pid_status(5) names; null where it does not stand. */
export function allowedIn(status: string): number | null {
  const list = /^Cpus_allowed_list:\s*([\d,-]+)$/m.exec(status)?.[1];
  if (list === undefined) return null;
  return list.split(',').reduce((sum, range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return sum + last - first + 1;
  }, 0);
}

/** Where a container may compute. */
export interface CpuShare {
  /** The CPU limit in cores. */
  readonly limit: number | null;
  /** Thousandths of a core that Kubernetes set aside; 0 or null: nobody said. */
  readonly requestMilli: number | null;
  readonly allowed: number;
}

/** Whole cores to plan with: the limit, else the request, and never more than there are. A part of a core is not counted. */
export function coresOf({ limit, requestMilli, allowed }: CpuShare): number {
  const request = requestMilli === null || requestMilli === 0 ? null : requestMilli / 1_000;
  return Math.max(1, Math.floor(Math.min(limit ?? request ?? allowed, allowed)));
}

/**
 * The cores of this process. Node's own count knows nothing of a request, and did not see the limit in a container on
 * cgroup v1 (Node 24: 2 for a limit of 1).
 */
export function ownCores(
  request: string | undefined,
  folder: CgroupFolder | null = ownFolder('cpu'),
): number {
  const milli = Number.parseInt(request ?? '', 10);
  return coresOf({
    limit: folder === null ? null : quotaOf(folder.version, (name) => textOf(`${folder.path}/${name}`)),
    requestMilli: Number.isNaN(milli) ? null : milli,
    allowed: allowedIn(textOf('/proc/self/status')) ?? availableParallelism(),
  });
}
