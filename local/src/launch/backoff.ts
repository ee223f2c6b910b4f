/** Exits older than this no longer slow a restart down. */
const MEMORY_MS = 60_000;
const FIRST_MS = 50;
const LONGEST_MS = 10_000;

/**
 * How long to wait before the next restart: 50 ms after a first exit, four times as long after each further one
 * within a minute, 10 s at most. `exitsMs` are the times of the exits, the latest included.
 */
export function restartDelayMs(exitsMs: readonly number[], nowMs: number): number {
  const recent = exitsMs.filter((atMs) => nowMs - atMs < MEMORY_MS).length;
  return Math.min(LONGEST_MS, FIRST_MS * 4 ** Math.max(0, recent - 1));
}
