import { didYouMean, MillraceError } from '@millrace/core';

/** Of every side: worker processes, and jobs at once in each. */
export const SHAPE = { processes: 2, concurrency: 50 } as const;

/** Where the spans go: a sink that only counts, in a process of its own, or a Jaeger, on the same cores. */
export const PARTS = ['sink', 'jaeger'] as const;
export type PartName = (typeof PARTS)[number];

/** What one part of a run does. */
export interface Plan {
  /** The platform and stock's processes are started anew for each round: no process's luck decides. */
  readonly rounds: number;
  /** Drains of every side in one round, in a balanced order that goes on from round to round. */
  readonly pairs: number;
  readonly jobs: number;
  /** In the first drain of a round, which warms up and is not counted. */
  readonly warmJobs: number;
}

/**
 * One drain differs from the next by a tenth on a shared machine, whoever's it is: the median of 20 pairs is within 4 %, of
 * 40 within 3 %. Ten pairs are one whole order (`balancedOrder`).
 */
const FULL: Plan = { rounds: 4, pairs: 10, jobs: 20_000, warmJobs: 40_000 };
const QUICK: Plan = { rounds: 1, pairs: 2, jobs: 2_000, warmJobs: 2_000 };
/** A Jaeger keeps every span that it is sent: fewer, and a report only. */
const WITH_JAEGER: Plan = { rounds: 2, pairs: 5, jobs: 10_000, warmJobs: 10_000 };

/** One round of the full plan takes about so long. */
const ROUND_S = 360;

/** The plan of a part, in `seconds` if that is given. */
export function planFor(part: PartName, quick: boolean, seconds: number | null): Plan {
  if (quick) return QUICK;
  const plan = part === 'sink' ? FULL : WITH_JAEGER;
  return seconds === null ? plan : { ...plan, rounds: Math.max(1, Math.round(seconds / ROUND_S)) };
}

/** Throws `usage` for a part that there is not. */
export function checkParts(only: readonly string[] | null): asserts only is readonly PartName[] | null {
  const stray = (only ?? []).find((name) => !PARTS.includes(name as PartName));
  if (stray === undefined) return;
  throw new MillraceError(
    'usage',
    `There is no part "${stray}"${didYouMean(stray, PARTS)}. There are: ${PARTS.join(', ')}.`,
  );
}
