/** What a job's hash tells of its attempt before. Times are ms since 1970. */
export interface PastAttempt {
  readonly start: number;
  readonly endedMs: number;
  /** When the next was due, if that was later. */
  readonly dueMs: number | null;
  /** It has a span: it failed or was killed, or was handed back and went on with one that did. */
  readonly hasSpan: boolean;
}

/** Outcomes that have a span whatever came before. */
const TRACED = ['retried', 'killed', 'failed'];

/** Whether an attempt that ended so has a span whatever came before. */
export const isTracedOutcome = (outcome: unknown): boolean => TRACED.includes(outcome as string);

/** The last line of `mrAttempts`; null without one, or when it is none of ours. */
export function lastPastAttempt(lines: string | undefined): PastAttempt | null {
  if (!lines) return null;
  const end = lines.endsWith('\n') ? lines.length - 1 : lines.length;
  const begin = lines.lastIndexOf('\n', end - 1) + 1;
  try {
    const { s: start, o: outcome, e: endedMs, d: dueMs = null } = JSON.parse(lines.slice(begin, end));
    if (typeof start !== 'number' || typeof endedMs !== 'number') return null;
    return { start, endedMs, dueMs, hasSpan: isTracedOutcome(outcome) || isAnyTraced(lines.slice(0, begin)) };
  } catch {
    return null;
  }
}

function isAnyTraced(lines: string): boolean {
  if (lines === '') return false;
  return lines
    .trimEnd()
    .split('\n')
    .some((line) => isTracedOutcome(JSON.parse(line).o));
}
