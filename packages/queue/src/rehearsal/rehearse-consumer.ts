import { type Config, messageOf, type NewJob } from '@millrace/core';
import { openReader } from '../connection/client.ts';
import { createConsumer } from '../consumer/consumer.ts';
import { createStore } from '../store.ts';
import type { ConsumerOptions } from '../types/consumer.ts';
import type { StoreDependencies } from '../types/store.ts';
import { scratchQueue } from './scratch-queue.ts';

/** Takes come in sets, and an end brings the next job: with half as many slots as jobs there is both. */
const JOBS = 16;
const SLOTS = 8;
/** A store that is slower than this is not what one practises against. */
const LONGEST_MS = 2_000;
const SCRATCH: NewJob = { name: 'rehearsal', data: null, opts: {} };

/**
 * Takes, runs and ends a few empty jobs of a queue of its own, of which nothing is left. Code that runs for the first time
 * is compiled first: some 90 ms of processor, which the jobs of a dead worker would wait for. Never rejects: what could not
 * be practised is only slower the first time.
 */
export async function rehearseConsumer(
  config: Config,
  { startId, run }: Pick<ConsumerOptions, 'startId' | 'run'>,
  { clock, log, signal }: Pick<StoreDependencies, 'clock' | 'log'> & { readonly signal: AbortSignal },
): Promise<void> {
  if (signal.aborted) return;
  // A start of its own: the supervisors look for connections by start ids, and these are soon gone.
  const name = `${startId}.rehearsal`;
  const ended = Promise.withResolvers<void>();
  let left = JOBS;
  const client = openReader(config.redis, `millrace:${name}`);
  client.on('error', () => undefined);
  const jobIds = Array.from({ length: JOBS }, (_, index) => String(index + 1));
  const { name: queue, forgetSoon, forget } = scratchQueue(client, config.redis.prefix, name, jobIds);
  const store = createStore(config, { clock, log, name, profile: 'patient' });
  const onAttemptEnd = () => {
    if (left === JOBS) forgetSoon();
    left -= 1;
    if (left === 0) ended.resolve();
  };
  const runOne: typeof run = (job, jobSignal) => {
    if (job.id === '1') forgetSoon();
    return run(job, jobSignal);
  };
  const options = { queue, startId: name, concurrency: SLOTS, run: runOne, onFenced: () => undefined };
  const consumer = createConsumer(config, { ...options, onAttemptEnd }, { clock, log });

  async function play(): Promise<void> {
    await store.queue(queue).add(jobIds.map(() => SCRATCH));
    await consumer.start();
    await ended.promise;
    await consumer.stop();
    await forget();
  }

  const cut = Promise.withResolvers<void>();
  const limit = clock.after(LONGEST_MS, cut.resolve);
  signal.addEventListener('abort', () => cut.resolve(), { once: true });
  const played = play().catch((error) => log.debug({ error: messageOf(error) }, 'Rehearsal'));
  await Promise.race([played, cut.promise]);
  limit.cancel();
  await Promise.all([consumer.stop(), store.stop()]);
  client.disconnect();
}
