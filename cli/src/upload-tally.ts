import type { Clock } from '@millrace/core';
import type { LineResult } from './answers.ts';
import type { Progress } from './output/progress.ts';

/** The rate shown is that of this many ms before now. */
const RATE_WINDOW_MS = 2_000;
/** Refusals that a later try of the very same line may pass: not the line's fault. */
const PASSING_STATUSES = new Set([429, 500, 502, 503, 504]);

/** Counts the results of a stream of jobs. */
export interface Tally {
  sent(bytes: number): void;
  add(result: LineResult): void;
  progress(): Progress;
  /** How many lines were refused with each code. */
  codes(): Readonly<Record<string, number>>;
}

/** A {@link Tally} that starts now; `bytesTotal` is the input's size, null when unknown. */
export function createTally(clock: Clock, bytesTotal: number | null): Tally {
  const startedMs = clock.monotonicMs();
  const counts = { accepted: 0, refused: 0, badLines: 0 };
  const codes: Record<string, number> = {};
  let bytesRead = 0;
  /** Marks of (time, results so far), at most some dozen: what the rate is taken from. */
  let marks = [{ atMs: startedMs, results: 0 }];

  const results = () => counts.accepted + counts.refused + counts.badLines;
  const perSecond = (nowMs: number) => {
    const first = marks[0];
    if (first === undefined || nowMs <= first.atMs) return 0;
    return ((results() - first.results) * 1_000) / (nowMs - first.atMs);
  };
  const mark = (nowMs: number) => {
    const last = marks.at(-1);
    if (last && nowMs - last.atMs >= 100) marks.push({ atMs: nowMs, results: results() });
    const recent = marks.findIndex(({ atMs }) => nowMs - atMs <= RATE_WINDOW_MS);
    marks = marks.slice(Math.max(0, recent < 0 ? marks.length - 1 : recent));
  };
  return {
    sent: (bytes) => {
      bytesRead += bytes;
    },
    add: (result) => {
      if (result.status <= 299) counts.accepted++;
      else {
        if (PASSING_STATUSES.has(result.status)) counts.refused++;
        else counts.badLines++;
        const code = result.code ?? String(result.status);
        codes[code] = (codes[code] ?? 0) + 1;
      }
    },
    progress: () => {
      const nowMs = clock.monotonicMs();
      mark(nowMs);
      return { ...counts, elapsedMs: nowMs - startedMs, bytesRead, bytesTotal, perSecond: perSecond(nowMs) };
    },
    codes: () => codes,
  };
}
