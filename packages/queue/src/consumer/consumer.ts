import { isMillraceError, lifecycle, messageOf, type RedisSettings } from '@millrace/core';
import { type Job, WaitingError } from 'bullmq';
import type { Redis } from 'ioredis';
import type { BackendIdentity } from '../backend/identity.ts';
import { openClient, openPlain, runScript } from '../connection/client.ts';
import { blockingName, queueKeys } from '../keys.ts';
import { poisonKills } from '../poison.ts';
import { giveBack } from '../reclaim/give-back.ts';
import type { Consumer, CreateConsumer } from '../types/consumer.ts';
import { createAudit } from './audit.ts';
import { createEndReport } from './end-report.ts';
import { recordKill } from './kill.ts';
import { createLockRenewal } from './lock-renewal.ts';
import { RunningJobs } from './running-jobs.ts';
import { type Settling, settle } from './settle.ts';
import { createStalledReport } from './stalled-report.ts';
import { createStartWorker, type StartWorker } from './start-worker.ts';
import { takenJob } from './taken-job.ts';

/** What changes while a consumer lives. */
interface Pulse {
  taking: boolean;
  cycles: number;
  stalled: number;
  lockRenewalFailed: number;
  fenced: boolean;
}

/** How the backend sees this consumer. `ask.fenced` is called at the first refusal alone. */
function identityOf(
  startId: string,
  kills: number,
  running: RunningJobs,
  pulse: Pulse,
  ask: Pick<BackendIdentity, 'nowMs' | 'monotonicMs' | 'room' | 'asOneReply' | 'stalled' | 'fenced'>,
): BackendIdentity {
  return {
    startId,
    poisonKills: kills,
    stamps: (jobId) => running.stamps(jobId),
    verdict: (jobId) => running.verdict(jobId),
    mayTake: () => pulse.taking,
    nowMs: ask.nowMs,
    monotonicMs: ask.monotonicMs,
    room: ask.room,
    asOneReply: ask.asOneReply,
    taken: (jobId, marks) => running.taken(jobId, marks),
    settled: (jobId, refused, how) => {
      running.settled(jobId, refused, how);
      pulse.cycles++;
    },
    stalled(jobIds) {
      pulse.stalled += jobIds.length;
      ask.stalled(jobIds);
    },
    cycled: () => {
      pulse.cycles++;
    },
    fenced: () => {
      if (pulse.fenced) return;
      pulse.fenced = true;
      ask.fenced();
    },
  };
}

/** BullMQ's own limit for its blocking read, whose answer it waits for with a timer of its own as well. */
const LONGEST_READ_MS = 10_000;

/** Two connections: one for commands, one for the blocking read. */
function openConnections(store: RedisSettings, queue: string, startId: string) {
  return {
    main: openClient(store, 'patient', `millrace:${startId}`),
    blocking: openPlain(store, blockingName(store.prefix, queue, startId), LONGEST_READ_MS),
  };
}

/** See {@link Consumer}. */
export const createConsumer: CreateConsumer = (config, options, { clock, log }): Consumer => {
  const { queue, startId, run } = options;
  const { prefix } = config.redis;
  const keys = queueKeys(prefix, queue);
  const kills = poisonKills(config);
  const running = new RunningJobs(clock, createEndReport(options, { clock, log }));
  const pulse: Pulse = { taking: false, cycles: 0, stalled: 0, lockRenewalFailed: 0, fenced: false };
  const { main, blocking } = openConnections(config.redis, queue, startId);
  const identity = identityOf(startId, kills, running, pulse, {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    room: () => worker.room(),
    asOneReply: options.asOneReply ?? ((tell) => tell()),
    stalled: (jobIds) => reportStalled(jobIds),
    fenced() {
      // Until it exits it must not swallow the markers that wake others. A cut alone does not end BullMQ's loop, which
      // dials again and reads on.
      quiescing.quiesce().catch(() => undefined);
      options.onFenced();
    },
  });
  const reportStalled = createStalledReport(options, { client: main, keys, log });
  const inHands = (jobId: string) => running.has(jobId);
  const audit = createAudit({ client: main, keys, queue, startId, inHands, clock, log });

  async function returnJobs(jobIds: readonly string[] | null, cause: string): Promise<string[]> {
    const takes = running.takes();
    const ids = await giveBack(main, keys, { startId, cause, jobIds, nowMs: clock.nowMs() });
    running.wentBack(ids, takes, 'returned');
    running.left(jobIds ?? [], takes);
    return ids;
  }

  const keeper = { client: main, prefix, queue, startId, poisonKills: kills, clock };
  const settling: Settling = {
    clock,
    giveBack: async (jobId, reason) => void (await returnJobs([jobId], reason)),
    ends: (jobId, ending) => running.ends(jobId, ending),
    recordKill:
      kills === 0
        ? null
        : async (job, kill) => {
            const id = job.id as string;
            const takes = running.takes([id]);
            try {
              const poison = await recordKill(keeper, job, kill);
              if (poison === null) running.wentBack([id], takes, 'retried');
              return poison;
            } catch (error) {
              // The store has counted it before its answer was lost: the job went back then.
              if (!isMillraceError(error, 'lock_lost')) throw error;
              running.left([id], takes);
              return null;
            }
          },
  };

  async function tellAlone(job: Job): Promise<void> {
    const { id = '', attemptsStarted } = job;
    // It has waited for its turn until now.
    if (running.waitedMs(id, attemptsStarted) !== null) running.started(id, job);
    await runScript(main, 'alone', [...keys.accountList, keys.prefix, startId, id, attemptsStarted]);
  }

  /**
   * A job waits for its turn to begin, and is not renewed meanwhile: it may have gone back, its lock may have run out, or
   * this start may have been fenced. Then it may run elsewhere by now.
   */
  async function mayBegin(job: Job, token: string): Promise<boolean> {
    const waitedMs = running.waitedMs(job.id as string, job.attemptsStarted);
    if (waitedMs === null || pulse.fenced) return false;
    const { lockMs } = config.worker;
    return waitedMs < lockMs / 3 || Number(await job.extendLock(token, lockMs)) === 1;
  }

  async function process(job: Job, token = '', signal?: AbortSignal): Promise<unknown> {
    const id = job.id as string;
    if (!(await mayBegin(job, token))) throw new WaitingError();
    running.started(id, job);
    const { suspect, past } = running.marks(id);
    const taken = takenJob(queue, job, { suspect: kills > 0 && suspect, past }, tellAlone);
    const outcome = await run(taken, signal ?? new AbortController().signal);
    running.ran(job, outcome);
    return settle(outcome, job, token, settling);
  }

  const { concurrency } = options;
  const worker: StartWorker = createStartWorker({
    ...{ queue, startId, concurrency, config, main, blocking, identity, log, process },
  });
  worker.on('lockRenewalFailed', (jobIds) => {
    pulse.lockRenewalFailed += jobIds.length;
  });
  const renewal = createLockRenewal(() => worker.renewLocks(), config.worker.lockMs, clock);
  const quiescing = createQuiesce(worker, pulse, blocking, () => main.zadd(keys.marker, 0, '0'));

  async function begin(): Promise<void> {
    await worker.waitUntilReady();
    // A store that takes no writes just now keeps the length that it had: no reason not to begin.
    await main
      .hset(keys.meta, 'opts.maxLenEvents', config.retention.events)
      .catch((error) => log.debug({ queue, error: messageOf(error) }, 'length of the event stream'));
    pulse.taking = true;
    audit.start();
    renewal.start();
    worker.run().catch((error) => log.error({ queue, error: messageOf(error) }, 'worker loop ended'));
  }

  async function end(): Promise<void> {
    pulse.taking = false;
    audit.stop();
    renewal.stop();
    worker.flushCompletions();
    await worker.close(true).catch(() => undefined);
    main.disconnect();
    blocking.disconnect();
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
      slots: concurrency,
      cycles: pulse.cycles,
      stalled: pulse.stalled,
      lockRenewalFailed: pulse.lockRenewalFailed,
      connected: main.status === 'ready' && blocking.status === 'ready',
    }),
    runningIds: () => running.ids(),
    ...quiescing,
    async handBack(reason) {
      worker.flushCompletions();
      const ids = await returnJobs(null, reason);
      worker.cancelAllJobs(reason);
      return ids;
    },
  };
};

/** Taking no more, without swallowing the marker that wakes another worker in our stead. */
function createQuiesce(
  worker: { pause(): Promise<void> },
  pulse: Pulse,
  blocking: Redis,
  wakeOthers: () => Promise<unknown>,
): Pick<Consumer, 'quiesce' | 'idle'> {
  let idle: Promise<void> | undefined;

  async function quiesce(): Promise<void> {
    if (!pulse.taking) return;
    pulse.taking = false;
    const cut = new Promise<void>((resolve) => blocking.once('end', () => resolve()));
    idle = worker.pause().catch(() => undefined);
    // Only once the blocking read is cut: before, it could swallow the marker that wakes another worker again.
    await Promise.race([cut, idle]);
    await wakeOthers();
  }
  return {
    quiesce,
    async idle() {
      await quiesce();
      await idle;
    },
  };
}
