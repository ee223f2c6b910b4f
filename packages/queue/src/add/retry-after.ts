/** What the add script tells of the drain: takes counted so far, and two marks of (ms, takes). */
export interface DrainMarks {
  readonly takes: number;
  readonly lastTakeMs: number;
  readonly recent: { readonly atMs: number; readonly takes: number };
  readonly older: { readonly atMs: number; readonly takes: number };
}

/** The longest retry time ever told: also that of a paused or idle queue. */
export const MAX_RETRY_AFTER_MS = 60_000;

/** Jobs leaving per second, over the window since the older mark; 0 when nothing left since then. */
export function drainPerSecond(marks: DrainMarks, nowMs: number): number {
  const mark = marks.older.atMs > 0 ? marks.older : marks.recent;
  const windowMs = nowMs - mark.atMs;
  const taken = marks.takes - mark.takes;
  if (mark.atMs === 0 || windowMs <= 0 || taken <= 0) return 0;
  return (taken * 1000) / windowMs;
}

/**
 * Expected ms until `places` jobs have left. The first leaves one interval after the last take, which may be
 * nearly over: between half an interval (a drain without memory keeps no appointments) and a whole one.
 */
export function retryAfterMs(marks: DrainMarks, nowMs: number, places: number, paused: boolean): number {
  const rate = drainPerSecond(marks, nowMs);
  if (paused || rate === 0) return MAX_RETRY_AFTER_MS;
  const intervalMs = 1000 / rate;
  const sinceTakeMs = nowMs - marks.lastTakeMs;
  const firstMs = Math.min(Math.max(intervalMs - sinceTakeMs, intervalMs / 2), intervalMs);
  const waitMs = firstMs + (Math.max(places, 1) - 1) * intervalMs;
  return Math.min(Math.max(Math.round(waitMs), 1), MAX_RETRY_AFTER_MS);
}
