import { type Clock, type Config, messageOf, type NewJob } from '@millrace/core';
import { openPlain } from '../connection/client.ts';
import { createConsumer } from '../consumer/consumer.ts';
import { createStore } from '../store.ts';
import type { ConsumerOptions } from '../types/consumer.ts';
import type { StoreDependencies } from '../types/store.ts';
import { scratchQueue } from './scratch-queue.ts';

/** Takes come in sets, and an end brings the next job: with half as many slots as jobs there is both. */
const JOBS = 16;
const SLOTS = 8;
const JOB_IDS = Array.from({ length: JOBS }, (_, index) => String(index + 1));
const JOB: NewJob = { name: 'rehearsal', data: null, opts: {} };
/** A store that is slower than this is not what one practises against. */
const LONGEST_MS = 2_000;
/** What is open is closed in this time, or goes on closing alone. */
const CLOSE_MS = 250;

type Dependencies = Pick<StoreDependencies, 'clock' | 'log'>;

/** A queue of its own with a consumer, and the play in it. */
function openStage(
  config: Config,
  { startId, run }: Pick<ConsumerOptions, 'startId' | 'run'>,
  dependencies: Dependencies,
) {
  // A start of its own: supervisors look for connections by start ids, and these are soon gone.
  const scratchId = `${startId}.rehearsal`;
  const client = openPlain(config.redis, `millrace:${scratchId}`);
  client.on('error', () => undefined);
  const scratch = scratchQueue(client, config.redis.prefix, scratchId, JOB_IDS);
  const { name: queue, forgetSoon } = scratch;
  // Whatever bounds the user's queues have.
  const own = { ...config, queue: { ...config.queue, bound: JOBS }, queues: {} };
  const store = createStore(own, { ...dependencies, name: scratchId, profile: 'patient' });
  const ended = Promise.withResolvers<void>();
  let left = JOBS;
  const consumer = createConsumer(
    config,
    {
      ...{ queue, startId: scratchId, concurrency: SLOTS },
      run(job, signal) {
        if (job.id === JOB_IDS[0]) forgetSoon();
        return run(job, signal);
      },
      onFenced: () => undefined,
      onAttemptEnd() {
        if (left === JOBS) forgetSoon();
        left -= 1;
        if (left === 0) ended.resolve();
      },
    },
    dependencies,
  );

  return {
    async play(): Promise<void> {
      const { kind } = await store.queue(queue).add(JOB_IDS.map(() => JOB));
      if (kind !== 'accepted') throw new Error(`the jobs of the rehearsal: ${kind}`);
      forgetSoon();
      await consumer.start();
      await ended.promise;
    },
    async close(): Promise<void> {
      await Promise.all([consumer.stop(), store.stop()]);
      if (client.status === 'ready') await scratch.forget().catch(() => undefined);
      client.disconnect();
    },
  };
}

/**
 * Takes, runs and ends a few empty jobs of a queue of its own, of which nothing is left. Code that runs for the first time
 * is compiled first: some 90 ms of processor, which the jobs of a dead worker would wait for. Never rejects: what could not
 * be practised is only slower the first time. `signal` cuts it short.
 */
export async function rehearseConsumer(
  config: Config,
  options: Pick<ConsumerOptions, 'startId' | 'run'>,
  { clock, log, signal }: Dependencies & { readonly signal: AbortSignal },
): Promise<void> {
  if (signal.aborted) return;
  const stage = openStage(config, options, { clock, log });
  const quietly = (work: Promise<void>) =>
    work.catch((error) => log.debug({ error: messageOf(error) }, 'Rehearsal'));
  const cut = new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  await within(LONGEST_MS, Promise.race([quietly(stage.play()), cut]), clock);
  await within(CLOSE_MS, quietly(stage.close()), clock);
}

/** Resolves with `work`, or after `ms`; `work` then ends unheard. */
function within(ms: number, work: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const limit = clock.after(ms, resolve);
    void work.then(() => {
      limit.cancel();
      resolve();
    });
  });
}
