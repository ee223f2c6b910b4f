import type { DeathLimits } from './start.ts';

/** The configuration's defaults, spelt out: tests tell times by them. */
export const LIMITS: DeathLimits = {
  beatMs: 250,
  suspectMs: 1_000,
  suspectPhi: 8,
  hangLimitMs: 5_000,
  busyLimitMs: 30_000,
  confirmMs: 100,
};
