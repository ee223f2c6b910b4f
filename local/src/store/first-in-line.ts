import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** A nice value, half of the way up: ahead of whatever runs at the usual 0. */
const FIRST = -10;

/**
 * Puts the store ahead of the workers in the scheduler's queue. Every job waits for the store's one thread; on a machine with
 * fewer cores than busy workers that thread must not wait for one of them in the middle of a call. Needs CAP_SYS_NICE,
 * which root usually has; without, the store waits its turn like the rest.
 *
 * A nice value counts only inside of a session where the kernel groups tasks by session (autogroup, sched(7)), and the store
 * has one of its own: the group gets the same value. What the store forks to rewrite its file inherits both.
 *
 * Synchronous, so that nobody meets a store that runs and is not yet kept.
 */
export function goFirst(pid: number): void {
  try {
    setPriority(pid, FIRST);
    writeFileSync(`/proc/${pid}/autogroup`, String(FIRST));
  } catch {
    // Not allowed, or a kernel without such groups: slower, not wrong.
  }
}
