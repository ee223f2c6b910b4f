import { type Facts, figure, grade, percent } from './facts.ts';
import type { Finding } from './finding.ts';

const LATE_MS = 500;
const BUSY = 0.9;

/** All results pass through one place, which cannot keep up: jobs end in time, and are known too late. */
export function contendedAggregator(facts: Facts): Finding | null {
  const lag = facts.metric('collector', 'lag_ms');
  const cpu = facts.metric('collector', 'cpu_ms');
  const late = lag.isTold ? lag.quantile(0.5) : 0;
  const busy = cpu.isTold ? cpu.quantile(0.5) / 1_000 : 0;
  const { first, last } = lag.ends();
  const isBehind = late >= LATE_MS && last >= 0.8 * first;
  if (!isBehind) return null;
  return {
    cause: 'contended_aggregator',
    evidence: [
      `results were read ${figure(late)} ms after they were there (median second; ${figure(first)} ms in the first quarter, ${figure(last)} ms in the last)`,
      ...(cpu.isTold ? [`their one reader used ${percent(busy)} of a core`] : []),
    ],
    kind: busy >= BUSY ? 'fundamental' : 'accidental',
    experiment:
      'Let the reader count without parsing or writing each result; if it keeps up then, split it by queue or shard, or aggregate in the workers and send sums.',
    weight: 0.5 + 0.5 * grade(late, LATE_MS, 5_000),
  };
}
