import type { CallFigures, RecoveryFigures, RunSummary } from './run-summary.ts';

const PHASES = [
  'detectMs',
  'fenceMs',
  'reclaimMs',
  'respawnMs',
  'firstOrphanMs',
  'lastOrphanMs',
] as const satisfies readonly (keyof RecoveryFigures)[];

/** The recovery of the same death as another source tells it: found by the worker that died. */
export function sameDeath({ worker }: RecoveryFigures, other: RunSummary): RecoveryFigures | undefined {
  return other.recoveries.find((one) => one.worker === worker);
}

/**
 * `told` with its times counted from the death as `first` knows it: a source counts from the signal sent, or from the
 * death certified.
 */
export function sinceDeathOf(first: RecoveryFigures, told: RecoveryFigures): RecoveryFigures {
  const shift = told.atMs - first.atMs;
  const moved = PHASES.map((key) => [key, told[key] === null ? null : round(told[key] + shift)]);
  return { ...told, atMs: first.atMs, ...Object.fromEntries(moved) };
}

const round = (ms: number) => Math.round(ms * 10) / 10;

/** What `known` does not tell, from `told`. */
function completed(known: RecoveryFigures, told: RecoveryFigures): RecoveryFigures {
  const moved = sinceDeathOf(known, told);
  const phases = PHASES.map((key) => [key, known[key] ?? moved[key]]);
  return {
    ...{ ...known, ...Object.fromEntries(phases) },
    ...{
      cause: known.cause ?? told.cause,
      slot: known.slot ?? told.slot,
      traceId: known.traceId ?? told.traceId,
    },
  };
}

/** The recoveries of the first source that knows of any; what it does not tell of a death, from the others. */
export function joinedRecoveries(sources: readonly RunSummary[]): readonly RecoveryFigures[] {
  const [first, ...others] = sources.filter(({ recoveries }) => recoveries.length > 0);
  return (first?.recoveries ?? []).map((one) =>
    others.reduce((known, other) => {
      const told = sameDeath(one, other);
      return told === undefined ? known : completed(known, told);
    }, one),
  );
}

/** Of the first source that knows of calls: traces alone do. */
export const joinedCalls = (sources: readonly RunSummary[]): readonly CallFigures[] =>
  sources.find(({ calls }) => calls.length > 0)?.calls ?? [];
