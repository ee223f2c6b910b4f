import { readFileSync, writeFileSync } from 'node:fs';

/** Of oom_score_adj, see proc_pid_oom_score_adj(5): at the highest a process goes before all others. */
const HIGHEST = 1_000;

/**
 * How much sooner than its parent the kernel is to kill a child, in thousandths of the memory at hand: a pod's processes
 * before the pod supervisor, and a process with one job in it before those with many.
 */
export const SOONER = { worker: 100, job: 300 } as const;

/** The adjustment of a child. Where little is left to the highest, half of it stays for who is below the child. */
export function adjustmentOf(parent: number, sooner: number): number {
  return parent + Math.min(sooner, Math.ceil((HIGHEST - parent) / 2));
}

const fileOf = (pid: number | 'self') => `/proc/${pid}/oom_score_adj`;

/** Any process may raise this, and none without privileges may lower it. Does nothing where there is no /proc. */
export function raiseOomScore(pid: number, sooner: number): void {
  try {
    const own = Number(readFileSync(fileOf('self'), 'latin1'));
    writeFileSync(fileOf(pid), String(adjustmentOf(own, sooner)));
  } catch {
    // No /proc, or the child is gone already.
  }
}
