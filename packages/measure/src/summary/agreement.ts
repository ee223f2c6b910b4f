import type { Agreement, RunSummary } from './run-summary.ts';

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

/** The recoveries of one death, as each source tells it: found by the worker that died. */
function recoveryFigures(first: RunSummary, other: RunSummary): [Figure[], Figure[]] {
  const pairs = first.recoveries.flatMap((one) => {
    const same = other.recoveries.find(({ worker }) => worker === one.worker);
    return same === undefined ? [] : [[one, same] as const];
  });
  const figures = (at: 0 | 1) =>
    pairs.flatMap((pair, i): Figure[] => {
      const { reclaimMs, firstOrphanMs, lastOrphanMs } = pair[at];
      // A source counts from the death as it knows it: the signal sent, or the death certified.
      const shift = pair[at].atMs - pair[0].atMs;
      const since = (ms: number | null) => (ms === null ? null : ms + shift);
      return [
        [`death ${i + 1}: reclaimed`, 'ms', since(reclaimMs)],
        [`death ${i + 1}: first orphan runs`, 'ms', since(firstOrphanMs)],
        [`death ${i + 1}: last orphan runs`, 'ms', since(lastOrphanMs)],
      ];
    });
  return [figures(0), figures(1)];
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
