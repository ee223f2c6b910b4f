import type { Clock } from '@millrace/core';
import type { LineResult } from './answers.ts';
import type { Progress } from './output/progress.ts';

/** The rate shown is that of this many ms before now. */
const RATE_WINDOW_MS = 2_000;
const MARK_EVERY_MS = 100;
/** Refusals that a later try of the very same line may pass: not the line's fault. */
const PASSING_STATUSES = new Set([429, 500, 502, 503, 504]);

/** Counts the results of a stream of jobs. */
export interface Tally {
  readonly sent: (bytes: number, lines: number) => void;
  readonly add: (result: LineResult) => void;
  progress(): Progress;
  /** How many lines were refused with each code. */
  codes(): Readonly<Record<string, number>>;
}

/** Tells how many bytes the lines up to one are, from the sizes of the pieces they were sent in. */
function createByteCount() {
  /** Pieces sent whose last line has no result yet: as many as the connection holds. */
  const pieces: { bytes: number; lines: number }[] = [];
  let sentLines = 0;
  let settledBytes = 0;
  let firstLine = 0;
  return {
    sent(bytes: number, lines: number) {
      sentLines += lines;
      pieces.push({ bytes, lines });
    },
    upTo(line: number): number {
      for (let piece = pieces[0]; piece && firstLine + piece.lines <= line; piece = pieces[0]) {
        settledBytes += piece.bytes;
        firstLine += piece.lines;
        pieces.shift();
      }
      const [piece] = pieces;
      const share = piece ? (Math.min(line, sentLines) - firstLine) / piece.lines : 0;
      return settledBytes + Math.round((piece?.bytes ?? 0) * Math.max(0, share));
    },
  };
}

/** Results per second over the last moments. */
function createRate(startedMs: number) {
  let marks = [{ atMs: startedMs, results: 0 }];
  return (nowMs: number, results: number): number => {
    const last = marks.at(-1);
    if (last && nowMs - last.atMs >= MARK_EVERY_MS) marks.push({ atMs: nowMs, results });
    const recent = marks.findIndex(({ atMs }) => nowMs - atMs <= RATE_WINDOW_MS);
    marks = marks.slice(recent < 0 ? -1 : recent);
    const [first] = marks;
    return first && nowMs > first.atMs ? ((results - first.results) * 1_000) / (nowMs - first.atMs) : 0;
  };
}

/** A {@link Tally} that starts now; `bytesTotal` is the input's size, null when unknown. */
export function createTally(clock: Clock, bytesTotal: number | null): Tally {
  const startedMs = clock.monotonicMs();
  const counts = { accepted: 0, refused: 0, badLines: 0 };
  const codes: Record<string, number> = {};
  const byteCount = createByteCount();
  const rate = createRate(startedMs);
  let lastLine = 0;
  return {
    sent: byteCount.sent,
    add: (result) => {
      lastLine = result.line;
      if (result.status <= 299) {
        counts.accepted++;
        return;
      }
      if (PASSING_STATUSES.has(result.status)) counts.refused++;
      else counts.badLines++;
      const code = result.code ?? String(result.status);
      codes[code] = (codes[code] ?? 0) + 1;
    },
    progress: () => {
      const nowMs = clock.monotonicMs();
      const perSecond = rate(nowMs, counts.accepted + counts.refused + counts.badLines);
      const bytesAnswered = byteCount.upTo(lastLine);
      return { ...counts, elapsedMs: nowMs - startedMs, bytesAnswered, bytesTotal, perSecond };
    },
    codes: () => codes,
  };
}
