import {
  noOutcomes,
  OUTCOME_KINDS,
  type OutcomeKind,
  type ProcessActivity,
  type QueueActivity,
} from '../ipc.ts';
import { type BodyDurations, noBody, sumBodies } from '../telemetry/body-durations.ts';
import { createJobDurations, noDurations, type QueueDurations } from '../telemetry/job-durations.ts';
import { addCounts, noCounts, type QueueCounts } from '../telemetry/queue-counts.ts';

/** What a pod's processes counted of one queue. */
export interface QueueTotals {
  readonly ended: Readonly<Record<OutcomeKind, number>>;
  readonly durations: QueueDurations;
  readonly counts: QueueCounts;
}

/** What a pod's processes counted, the dead ones included: it never falls. */
export interface Totals {
  readonly queues: ReadonlyMap<string, QueueTotals>;
  readonly body: BodyDurations;
}

export const NO_TOTALS: Totals = { queues: new Map(), body: noBody() };
const NOTHING: QueueTotals = { ended: noOutcomes(), durations: noDurations(), counts: noCounts() };

function sum(a: QueueTotals, b: Pick<QueueActivity, keyof QueueTotals>): QueueTotals {
  const ended = { ...a.ended };
  for (const kind of OUTCOME_KINDS) ended[kind] += b.ended[kind];
  const durations = createJobDurations();
  for (const each of [a.durations, b.durations]) durations.add(each);
  const counts = { ...a.counts };
  addCounts(counts, b.counts);
  return { ended, durations: durations.counts(), counts };
}

/** `before`, and what these processes say they counted from their starts on. */
export function totalsOf(before: Totals, activities: readonly ProcessActivity[]): Totals {
  const queues = new Map(before.queues);
  for (const activity of activities.flatMap(({ queues: each }) => each)) {
    queues.set(activity.queue, sum(queues.get(activity.queue) ?? NOTHING, activity));
  }
  return { queues, body: sumBodies([before.body, ...activities.map(({ body }) => body)]) };
}
