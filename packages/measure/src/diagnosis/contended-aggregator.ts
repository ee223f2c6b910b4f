import { type Facts, figure, grade, percent } from './facts.ts';
import type { Finding } from './finding.ts';

const LATE_MS = 500;
const BUSY = 0.9;

/** In most seconds, not in the first alone. */
const MOST_OF_TIME = 0.6;

/** All results pass through one place, which cannot keep up: jobs end in time, and are known too late. */
export function contendedAggregator(facts: Facts): Finding | null {
  const lag = facts.metric('collector', 'lag_ms');
  const cpu = facts.metric('collector', 'cpu_ms');
  if (!lag.isTold || lag.share((ms) => ms >= LATE_MS) < MOST_OF_TIME) return null;
  const late = lag.quantile(0.5);
  const busy = cpu.isTold ? cpu.quantile(0.5) / 1_000 : 0;
  const { first, last } = lag.ends();
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
