import { lifecycle, messageOf } from '@millrace/core';
import type { Job } from 'bullmq';
import { consumerBackend } from '../backend/factory.ts';
import type { BackendIdentity } from '../backend/millrace-backend.ts';
import { openClient } from '../connection/client.ts';
import { giveBack } from '../give-back.ts';
import { queueKeys } from '../keys.ts';
import type { Consumer, CreateConsumer } from '../types.ts';
import { lostTakes } from './audit.ts';
import { RunningJobs } from './running-jobs.ts';
import { settle } from './settle.ts';
import { StartWorker } from './start-worker.ts';
import { takenJob } from './taken-job.ts';

/** After an outage BullMQ waits this long before it tries again; its default is 15 s. */
const RUN_RETRY_MS = 250;
/**
 * A stall is a worker's death that no supervisor saw, not the job's failure: BullMQ's default of 1 would fail a job
 * whose worker died twice while the supervisor was away.
 */
const MAX_STALLED_COUNT = 10;
/** A net under the look after each reconnect. */
const AUDIT_EVERY_MS = 30_000;

/** See {@link Consumer}. Two connections of its own: one for commands, one for the blocking read. */
export const createConsumer: CreateConsumer = (config, options, { clock, log }): Consumer => {
  const { queue, startId, run } = options;
  const { url, prefix } = config.redis;
  const keys = queueKeys(prefix, queue);
  const running = new RunningJobs(clock);
  let taking = false;
  let cycles = 0;
  let fencedTold = false;
  let idle: Promise<void> | undefined;

  const tellFenced = () => {
    if (fencedTold) return;
    fencedTold = true;
    // Until it exits it must not swallow the markers that wake others.
    taking = false;
    blocking.disconnect();
    options.onFenced();
  };
  const identity: BackendIdentity = {
    startId,
    stamps: (jobId) => running.stamps(jobId),
    mayTake: () => taking,
    taken: (jobId) => running.taken(jobId),
    settled: (jobId) => {
      running.settled(jobId);
      cycles++;
    },
    cycled: () => {
      cycles++;
    },
    fenced: tellFenced,
  };

  const main = openClient(url, 'patient', `millrace:${startId}`);
  const base64Name = Buffer.from(queue).toString('base64');
  // BullMQ's own form, so that stock `queue.getWorkers()` lists us.
  const blocking = openClient(url, 'patient', `${prefix}:${base64Name}:w:${startId}`);

  const returnJob = async (jobId: string, reason: string) => {
    const request = {
      startId,
      outcome: 'returned',
      cause: reason,
      fencedOnly: false,
      nowMs: clock.nowMs(),
    } as const;
    await giveBack(main, keys, { ...request, jobIds: [jobId] });
    running.settled(jobId);
  };

  async function process(job: Job, token = '', signal?: AbortSignal): Promise<unknown> {
    running.started(job.id as string);
    const outcome = await run(takenJob(queue, job), signal ?? new AbortController().signal);
    return settle(outcome, job, token, clock, returnJob);
  }

  const worker = new StartWorker(
    queue,
    // Three parameters, so that BullMQ makes an abort signal for each job.
    (job, token, signal) => process(job, token, signal),
    {
      connection: main,
      name: startId,
      prefix,
      autorun: false,
      concurrency: options.concurrency,
      lockDuration: config.worker.lockMs,
      runRetryDelay: RUN_RETRY_MS,
      maxStalledCount: MAX_STALLED_COUNT,
      removeOnComplete: {
        age: Math.ceil(config.retention.completedAgeMs / 1000),
        count: config.retention.completedCount,
      },
      removeOnFail: {
        age: Math.ceil(config.retention.failedAgeMs / 1000),
        count: config.retention.failedCount,
      },
    },
    consumerBackend(main, blocking, identity),
  );
  worker.on('error', (error) => log.debug({ queue, error: messageOf(error) }, 'worker'));
  worker.on('lockRenewalFailed', (jobIds) => {
    for (const jobId of jobIds) {
      log.warn({ queue, job: jobId }, 'lost the lock of a running job; its handler is told to stop');
      worker.cancelJob(jobId, 'lock lost');
    }
  });

  async function audit(): Promise<void> {
    try {
      const lost = await lostTakes(main, keys, startId, (jobId) => running.has(jobId));
      if (lost.length === 0) return;
      const request = {
        startId,
        outcome: 'returned',
        cause: 'take answered into the void',
        fencedOnly: false,
      } as const;
      await giveBack(main, keys, { ...request, jobIds: lost, nowMs: clock.nowMs() });
      log.info({ queue, jobs: lost.length }, 'gave back jobs whose take was never answered');
    } catch (error) {
      log.debug({ queue, error: messageOf(error) }, 'audit');
    }
  }
  let auditTimer: { cancel(): void } | undefined;

  async function begin(): Promise<void> {
    await worker.waitUntilReady();
    await main.hset(keys.meta, 'opts.maxLenEvents', config.retention.events);
    taking = true;
    main.on('ready', () => void audit());
    auditTimer = clock.every(AUDIT_EVERY_MS, () => void audit());
    worker.run().catch((error) => log.error({ queue, error: messageOf(error) }, 'worker loop ended'));
  }

  async function end(): Promise<void> {
    taking = false;
    auditTimer?.cancel();
    await worker.close(true).catch(() => undefined);
    main.disconnect();
    blocking.disconnect();
  }

  async function quiesce(): Promise<void> {
    if (!taking) return;
    taking = false;
    const cut = new Promise<void>((resolve) => blocking.once('end', () => resolve()));
    idle = worker.pause().catch(() => undefined);
    // Only once the blocking read is cut: before, it could swallow the marker that wakes another worker again.
    await Promise.race([cut, idle]);
    await main.zadd(keys.marker, 0, '0');
  }

  const life = lifecycle(begin, end);
  return {
    queue,
    connect: () => worker.waitUntilReady(),
    start: life.start,
    async stop() {
      await life.stop();
      // Also when it was never started: the connections are open since it was made.
      await end();
    },
    activity: () => ({
      busy: running.size,
      slots: options.concurrency,
      cycles,
      connected: main.status === 'ready' && blocking.status === 'ready',
    }),
    runningIds: () => running.ids(),
    quiesce,
    async idle() {
      await quiesce();
      await idle;
    },
    async handBack(reason) {
      const request = { startId, outcome: 'returned', cause: reason, fencedOnly: false } as const;
      const ids = await giveBack(main, keys, { ...request, jobIds: null, nowMs: clock.nowMs() });
      for (const jobId of ids) running.settled(jobId);
      worker.cancelAllJobs(reason);
      return ids;
    },
  };
};
