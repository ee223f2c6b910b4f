import type { Writable } from 'node:stream';
import type { Clock } from '@millrace/core';
import type { BenchReport } from '../runner.ts';

/** Elsewhere than on a terminal, a line no more often than this. */
const PLAIN_MS = 5_000;

/** Shows how far a bench is on `out`; `end` leaves the cursor at the start of an empty line. */
export function createReport(
  out: Writable & { readonly isTTY?: boolean },
  clock: Clock,
): BenchReport & { end(): void } {
  let lastMs = Number.NEGATIVE_INFINITY;
  const wipe = () => out.isTTY && out.write('\r\x1b[2K');
  return {
    progress(line) {
      const nowMs = clock.monotonicMs();
      if (out.isTTY) out.write(`\r\x1b[2K${line}`);
      else if (nowMs - lastMs >= PLAIN_MS) {
        lastMs = nowMs;
        out.write(`${line}\n`);
      }
    },
    note(line) {
      wipe();
      out.write(`${line}\n`);
    },
    end: () => void wipe(),
  };
}
