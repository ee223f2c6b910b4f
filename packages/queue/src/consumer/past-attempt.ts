/** What a job's hash tells of its attempt before. Times are ms since 1970. */
export interface PastAttempt {
  readonly start: number;
  readonly outcome: string;
  readonly endedMs: number;
  /** When the next was due, if that was later. */
  readonly dueMs: number | null;
}

/** The last line of `mrAttempts`; null without one, or when it is none of ours. */
export function lastPastAttempt(lines: string | undefined): PastAttempt | null {
  if (!lines) return null;
  const end = lines.endsWith('\n') ? lines.length - 1 : lines.length;
  try {
    const line = JSON.parse(lines.slice(lines.lastIndexOf('\n', end - 1) + 1, end));
    const { s: start, o: outcome, e: endedMs, d: dueMs = null } = line;
    return typeof start === 'number' && typeof endedMs === 'number'
      ? { start, outcome: String(outcome), endedMs, dueMs }
      : null;
  } catch {
    return null;
  }
}
