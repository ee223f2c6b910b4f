import { bytesText, type Facts, figure, grade } from './facts.ts';
import type { Finding } from './finding.ts';

/** A backlog worth more than so many seconds is no buffer any more. */
const DEEP_S = 3;
const DEEP_JOBS = 1_000;

/** Jobs come in faster than they are done, and nothing says no: the backlog grows as long as there is memory. */
export function unboundedProducer(facts: Facts): Finding | null {
  const { run } = facts;
  const depth = facts.metric('producer', 'depth');
  const deepest = Math.max(depth.max, ...run.backlog.map(([, jobs]) => jobs));
  const seconds = run.throughput.mean > 0 ? deepest / run.throughput.mean : 0;
  const refused = facts.metric('producer', 'refused').sum + run.jobs.refused;
  if (refused > 0 || deepest < DEEP_JOBS || seconds < DEEP_S) return null;
  const memory = facts.metric('store', 'used_bytes').ends();
  const bound = facts.config('queue_bound');
  return {
    cause: 'unbounded_producer',
    evidence: [
      `${figure(deepest)} jobs waited at once, ${figure(seconds)} s of work at the run's own speed, and none was refused`,
      ...(bound === null ? [] : [`the queue's bound is ${figure(bound)}`]),
      ...(memory.last > memory.first
        ? [`the store's memory went from ${bytesText(memory.first)} to ${bytesText(memory.last)}`]
        : []),
    ],
    kind: 'accidental',
    experiment: `Set the queue's bound to about one second of work (millrace bound QUEUE ${Math.max(1, Math.round(run.throughput.mean))}): throughput must stay, memory and wait must fall.`,
    weight: 0.55 + 0.45 * grade(seconds, DEEP_S, 60),
  };
}
