import { type Gate, gate } from '@millrace/measure';
import type { TrialResult } from './trial.ts';

export const QUIET = 'quiet';
export const MASS_DEATH = 'mass-death';

/** What a mass death may take: 5,000 jobs back within a second, by calls that hold the store for 5 ms at most. */
const LIMITS = { falseDeaths: 0, reclaimMs: 1_000, longestCallMs: 5 };

type Tried = Pick<TrialResult, 'name' | 'deaths' | 'figures'>;

/** Deaths that were certified while nobody was harmed; null when that part was not run. */
export function falseDeathsOf(results: readonly Tried[]): number | null {
  return results.find(({ name }) => name === QUIET)?.deaths.length ?? null;
}

/** The gates of this bench. */
export function gatesOf(results: readonly Tried[]): Gate[] {
  const figures = results.find(({ name }) => name === MASS_DEATH)?.figures ?? {};
  const ms = (figure: string) => {
    const value = figures[figure];
    return typeof value === 'number' ? value : null;
  };
  return [
    gate('quiet: false deaths', falseDeathsOf(results), LIMITS.falseDeaths),
    gate('mass death: jobs given back, ms', ms('reclaimMs'), LIMITS.reclaimMs),
    gate('mass death: longest call of the store, ms', ms('longestCallMs'), LIMITS.longestCallMs),
  ];
}
