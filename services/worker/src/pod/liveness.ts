import type { QueueActivity } from '../ipc.ts';

/** A queue's blocking read returns every few seconds at the latest, whether or not there is a job. */
export const CONSUMING_WITHIN_MS = 30_000;

/** When one process was last known to consume one queue, and the cycles it had then. */
export interface ConsumptionProof {
  readonly atMs: number;
  readonly cycles: number;
}

/** The proofs of one process, by queue. */
export type Proofs = ReadonlyMap<string, ConsumptionProof>;

/** What an active process owes from `nowMs` on, before it has said anything. */
export const owedSince = (nowMs: number): Proofs => new Map([['', { atMs: nowMs, cycles: -1 }]]);

function prove(before: ConsumptionProof | undefined, queue: QueueActivity, nowMs: number): ConsumptionProof {
  const rose = before === undefined || queue.cycles > before.cycles;
  const isExcused = queue.busy > 0 || !queue.connected;
  return rose || isExcused ? { atMs: nowMs, cycles: queue.cycles } : before;
}

/**
 * A queue is proved to be consumed when its cycles rose, when slots are busy (a long job is no fault) or when the
 * store is away (weather is no fault). Otherwise the older proof stands, and ages.
 */
export function proveAll(before: Proofs, queues: readonly QueueActivity[], nowMs: number): Proofs {
  return new Map(queues.map((queue) => [queue.queue, prove(before.get(queue.queue), queue, nowMs)]));
}

/** True while every proof is young enough: not merely alive, but consuming. */
export function consumes(proofs: Proofs, nowMs: number, limitMs = CONSUMING_WITHIN_MS): boolean {
  return [...proofs.values()].every((proof) => nowMs - proof.atMs <= limitMs);
}
