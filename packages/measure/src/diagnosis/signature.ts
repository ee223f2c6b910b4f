import { bytesText, type Facts, figure } from './facts.ts';
import type { Signature } from './finding.ts';

const SLOW_RECOVERY_MS = 1_000;

function slowRecovery(facts: Facts): Signature | null {
  const slow = facts.run.recoveries.filter(
    ({ lastOrphanMs, band }) =>
      (lastOrphanMs ?? 0) > SLOW_RECOVERY_MS || (band !== null && band.throughputMs === null),
  );
  if (slow.length === 0) return null;
  const longest = Math.max(...slow.map(({ lastOrphanMs }) => lastOrphanMs ?? 0));
  const said = `Recovery is slow: after ${slow.length} of ${facts.run.recoveries.length} deaths the last orphan waited up to ${figure(longest)} ms, or the rate did not come back.`;
  return { shape: 'recovery', said };
}

function climbingMemory(facts: Facts): Signature | null {
  const store = facts.metric('store', 'used_bytes').ends();
  const { series } = facts.run.memory;
  const quarter = Math.max(1, Math.floor(series.length / 4));
  const mean = (part: readonly { readonly rss: number }[]) =>
    part.reduce((sum, { rss }) => sum + rss, 0) / Math.max(1, part.length);
  const workers = { first: mean(series.slice(quarter, 2 * quarter)), last: mean(series.slice(-quarter)) };
  const climbs = ({ first, last }: { first: number; last: number }, factor: number) =>
    first > 0 && last > factor * first && last - first > 20 * 2 ** 20;
  const told = [
    ...(climbs(store, 2) ? [`the store's from ${bytesText(store.first)} to ${bytesText(store.last)}`] : []),
    ...(series.length >= 8 && climbs(workers, 1.5)
      ? [`the workers' from ${bytesText(workers.first)} to ${bytesText(workers.last)}`]
      : []),
  ];
  if (told.length === 0) return null;
  return { shape: 'memory', said: `Throughput is fine, but memory climbs: ${told.join(', ')}.` };
}

function badLatency(facts: Facts): Signature | null {
  const { service, total, wait } = facts.run.latency;
  const expected = facts.expectedServiceMs;
  const [p50, p99] = [service.p50 ?? 0, service.p99 ?? 0];
  const isSlow = expected !== null && (service.mean ?? 0) >= 3 * expected && p50 >= 2 * expected;
  const isLate = facts.isOpenLoop && (wait.p50 ?? 0) >= 5 * Math.max(1, p50);
  if (isSlow || isLate)
    return {
      shape: 'both',
      said: `Mean and tail degrade together: total p50 ${figure(total.p50 ?? 0)} ms, p99 ${figure(total.p99 ?? 0)} ms; the handlers take ${figure(p50)} ms and ${figure(p99)} ms of it.`,
    };
  if (p99 < 8 * Math.max(1, p50)) return null;
  return {
    shape: 'tail',
    said: `The mean is fine, the tail is awful: handlers take ${figure(p50)} ms in the median and ${figure(p99)} ms at the 99th percentile.`,
  };
}

/** What a run looks like from outside. */
export function signatureOf(facts: Facts): Signature {
  return (
    climbingMemory(facts) ??
    badLatency(facts) ??
    slowRecovery(facts) ?? {
      shape: 'healthy',
      said: 'Nothing stands out: the tail is near the mean, memory is level, recoveries are quick.',
    }
  );
}
