import { sameDeath, sinceDeathOf } from './joined.ts';
import type { Agreement, RecoveryFigures, RunSummary } from './run-summary.ts';

type Figure = readonly [figure: string, unit: Agreement['unit'], value: number | null | undefined];

function figuresOf(run: RunSummary): Figure[] {
  const { latency } = run;
  return [
    ['jobs done', 'jobs', run.jobs.done],
    ['throughput', 'jobs/s', run.throughput.mean],
    ...(['service', 'total'] as const).flatMap((kind) =>
      (['p50', 'p95', 'p99'] as const).map((key) => [`${kind} ${key}`, 'ms', latency[kind][key]] as const),
    ),
  ];
}

const returnFigures = ({ reclaimMs, firstOrphanMs, lastOrphanMs }: RecoveryFigures, i: number): Figure[] => [
  [`death ${i + 1}: reclaimed`, 'ms', reclaimMs],
  [`death ${i + 1}: first orphan runs`, 'ms', firstOrphanMs],
  [`death ${i + 1}: last orphan runs`, 'ms', lastOrphanMs],
];

/** The recoveries of one death, as each source tells it. */
function recoveryFigures(first: RunSummary, other: RunSummary): [Figure[], Figure[]] {
  const pairs = first.recoveries.flatMap((one) => {
    const same = sameDeath(one, other);
    return same === undefined ? [] : [[one, sinceDeathOf(one, same)] as const];
  });
  return [
    pairs.flatMap(([one], i) => returnFigures(one, i)),
    pairs.flatMap(([, same], i) => returnFigures(same, i)),
  ];
}

/** The figures that both sources tell, and how far they are apart. */
export function agreementOf(first: RunSummary, other: RunSummary): Agreement[] {
  const [recoveriesFirst, recoveriesOther] = recoveryFigures(first, other);
  const [ours, theirs] = [
    [...figuresOf(first), ...recoveriesFirst],
    [...figuresOf(other), ...recoveriesOther],
  ];
  return ours.flatMap(([figure, unit, value], i) => {
    const told = theirs[i]?.[2];
    if (value === null || value === undefined || told === null || told === undefined) return [];
    const difference = value === 0 ? null : told / value - 1;
    return [{ figure, unit, first: value, other: told, otherSource: other.source, difference }];
  });
}
