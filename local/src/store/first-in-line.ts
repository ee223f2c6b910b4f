import { writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';

/** A nice value, half of the way up: ahead of whatever runs at the usual 0. */
const FIRST = -10;

/**
 * Puts the store ahead of the workers in the scheduler's queue. Every job waits for the store's one thread; on a machine with
 * fewer cores than busy workers that thread must not wait for one of them in the middle of a call. Needs root or
 * CAP_SYS_NICE; without, the store waits its turn like the rest.
 *
 * A nice value counts only inside of a session where the kernel groups tasks by session (autogroup, sched(7)), and the store
 * has one of its own: the group gets the same value.
 */
export async function goFirst(pid: number): Promise<void> {
  try {
    setPriority(pid, FIRST);
    await writeFile(`/proc/${pid}/autogroup`, String(FIRST));
  } catch {
    // Not allowed, or a kernel without such groups: slower, not wrong.
  }
}
