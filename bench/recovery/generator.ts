import type { Clock, Timer } from '@millrace/core';
import type { Api } from '@millrace/local';
import type { Book } from './book.ts';
import { SHAPE } from './settings.ts';

/** The generator sleeps between looks at its schedule. */
const TICK_MS = 20;
/** Ids in one request of the closed loop. */
const CHUNK = 32;
const PRODUCERS = 4;
const SHORTEST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 100;
const PATH = `/v1/queues/${SHAPE.queue}/jobs`;

/** Jobs on their way to the platform, over HTTP as any client's. */
export interface Load {
  /** Offers no more; resolves when all that was offered is accepted. */
  stop(): Promise<void>;
}

/** What a generator needs. `run` makes its idempotency keys unique. */
export interface Generator {
  readonly run: string;
  readonly api: Api;
  readonly clock: Clock;
  readonly book: Book;
  readonly signal: AbortSignal;
  /** Told at each tick how late it came, in ms. */
  readonly onTick: (lateMs: number) => void;
}

/** Offers `ids` until they are accepted, under one key: a lost answer adds nothing twice. */
async function offer({ run, api, clock, book, signal }: Generator, ids: readonly number[]): Promise<void> {
  const body = { jobs: ids.map((id) => ({ name: SHAPE.queue, data: book.data.of(id) })) };
  for (;;) {
    const answer = await api.ask({ method: 'POST', path: PATH, body, key: `${run}-${ids[0]}` });
    if (answer.status === 202) break;
    if (answer.status !== 429) throw new Error(`jobs were refused: ${JSON.stringify(answer.body)}`);
    const { retryAfterMs = 0 } = (answer.body ?? {}) as { readonly retryAfterMs?: number };
    await clock.sleep(Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, retryAfterMs)), signal);
  }
  book.accepted += ids.length;
}

/** Offers jobs by schedule, `rate` a second, whatever becomes of those before: an open loop. */
export function openLoop(generator: Generator, rate: number): Load {
  const { clock, book, onTick } = generator;
  const [startMs, startEpochMs] = [clock.monotonicMs(), clock.epochUs() / 1000];
  const underway = new Set<Promise<void>>();
  let failure: unknown;
  let [offered, ticks] = [0, 0];
  const tick = () => {
    const sinceMs = clock.monotonicMs() - startMs;
    ticks += 1;
    onTick(Math.max(0, sinceMs - ticks * TICK_MS));
    ticks = Math.floor(sinceMs / TICK_MS);
    const ids: number[] = [];
    for (; (offered * 1000) / rate <= sinceMs; offered++) {
      ids.push(book.offer(startEpochMs + (offered * 1000) / rate));
    }
    if (ids.length === 0) return;
    const sent = offer(generator, ids)
      .catch((error) => {
        failure ??= error;
      })
      .finally(() => underway.delete(sent));
    underway.add(sent);
  };
  const timer: Timer = clock.every(TICK_MS, tick);
  return {
    async stop() {
      timer.cancel();
      await Promise.all(underway);
      if (failure) throw failure;
    },
  };
}

/** Keeps the queue full: a few producers offer again as soon as they are let in. */
export function closedLoop(generator: Generator): Load {
  const { clock, book } = generator;
  let stopping = false;
  const produce = async () => {
    while (!stopping) {
      const nowMs = clock.epochUs() / 1000;
      await offer(
        generator,
        Array.from({ length: CHUNK }, () => book.offer(nowMs)),
      );
    }
  };
  const producers = Promise.all(Array.from({ length: PRODUCERS }, produce));
  producers.catch(() => undefined);
  return {
    async stop() {
      stopping = true;
      await producers;
    },
  };
}
