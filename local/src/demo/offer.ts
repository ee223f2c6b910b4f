import type { Clock } from '@millrace/core';
import { type Api, DemoFailure, problemOf } from './api.ts';
import { chunksOf } from './chunks.ts';

/** Ids in one request: small beside the bound, so that a full queue refills in small steps. */
const CHUNK = 32;
/** A refusal's own estimate is followed within these limits. */
const SHORTEST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 100;
/** A queue that was just filled has no drain rate yet and tells a minute; a producer that waits at the door asks again. */
const NO_RATE_WAIT_MS = 25;

/** What one producer offers. */
export interface Offer {
  readonly run: string;
  readonly queue: string;
  readonly jobs: number;
  readonly producer: number;
  readonly producers: number;
  /** Before the first try of these ids; answers when they are scheduled, µs since 1970. */
  readonly onOffer: (ids: readonly number[]) => number;
  readonly dataOf: (id: number) => object;
}

function waitOf(body: unknown): number {
  const refusal = (body ?? {}) as { retryAfterMs?: number; drainPerSecond?: number };
  if (refusal.drainPerSecond === 0) return NO_RATE_WAIT_MS;
  const told = refusal.retryAfterMs ?? SHORTEST_WAIT_MS;
  return Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, told));
}

/**
 * Offers all ids of one producer in order. Each chunk goes under one idempotency key and is offered again, under
 * that key, until it is accepted: after a refusal, a restart of the producer or the store, or a lost reply. So no
 * id is ever added twice, or never.
 */
export async function offerAll(api: Api, clock: Clock, offer: Offer, signal: AbortSignal): Promise<void> {
  const { run, queue, jobs, producer, producers } = offer;
  for (const { key, ids } of chunksOf(run, jobs, producer, producers, CHUNK)) {
    const baggage = `millrace.run.id=${run},millrace.scheduled_us=${offer.onOffer(ids)}`;
    const body = { jobs: ids.map((id) => ({ name: queue, data: offer.dataOf(id) })) };
    for (;;) {
      const answer = await api.ask({ method: 'POST', path: `/v1/queues/${queue}/jobs`, body, key, baggage });
      if (answer.status === 202) break;
      if (answer.status !== 429) throw new DemoFailure(`a chunk of jobs was refused: ${problemOf(answer)}`);
      await clock.sleep(waitOf(answer.body), signal);
    }
  }
}
