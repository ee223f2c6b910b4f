import { hostname } from 'node:os';
import { type Clock, type Config, type Lifecycle, type Log, lifecycle, type Timer } from '@millrace/core';
import { createConsumer, createStore, type Store } from '@millrace/queue';
import type { HandlerRegistry } from '@millrace/sdk';
import { type Beat, createLink, type Order, type WorkerHello } from '@millrace/supervision';
import type { FromProcess } from '../ipc.ts';
import { createLanes } from '../lanes/lanes.ts';
import { createDrain, type DrainTimes } from './drain.ts';
import { untilFit } from './fit-store.ts';
import { slotsOf } from './queue-slots.ts';
import { createRunner } from './run-job.ts';
import { type ServedQueue, serveQueue } from './served-queue.ts';
import { createVitalsReader, type VitalsReader } from './vitals.ts';

export interface WorkerOptions {
  /** The start id, made by the parent. */
  readonly id: string;
  readonly pod: string;
  readonly pid: number;
  readonly linkKey: string | null;
}

export interface WorkerDependencies {
  readonly registry: HandlerRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** Where the outputs of isolated handlers go. */
  readonly output: NodeJS.WritableStream;
  readonly tellPod: (message: FromProcess) => void;
  /** This start was declared dead: exit at once, without a word to the store. */
  readonly onFenced: () => void;
  /** An order over a link asks for the end of this process. */
  readonly onDrainOrder: () => void;
}

/** One worker process: a warm standby once `start` resolves, a worker after `activate`. */
export interface WorkerProcess extends Lifecycle {
  activate(slot: number): Promise<void>;
  /** Resolves when nothing runs any more: true when every job ended or was handed back. */
  drain(times: DrainTimes): Promise<boolean>;
}

/** Resolves with `work`, or as soon as the signal aborts; `work` then ends unheard. */
function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) resolve();
    work.then(resolve, (error) => (signal.aborted ? resolve() : reject(error)));
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

const UNKNOWN_VITALS = { loopDelayMs: 0, cpuMs: 0, rssBytes: 0, heapBytes: 0 };

/** `start` throws `store_unfit`; `stop` drains with the times of the configuration. */
export function createWorkerProcess(
  config: Config,
  options: WorkerOptions,
  dependencies: WorkerDependencies,
): WorkerProcess {
  const { registry, clock, log, tellPod } = dependencies;
  const { id, pod, pid } = options;
  const startedAtMs = clock.nowMs();
  let slot: number | null = null;
  const stopping = new AbortController();

  const lanes = createLanes(registry, {
    threads: config.worker.cpuThreads,
    output: dependencies.output,
    log,
  });
  const runner = createRunner({
    registry,
    maxResultBytes: config.job.maxResultBytes,
    laneOf: lanes.laneOf,
    clock,
  });
  // Made at the start, since a consumer dials as soon as it is made.
  let served: readonly ServedQueue[] = [];
  let store: Store | undefined;
  const consumers = () => served.map(({ consumer }) => consumer);
  let activation = Promise.resolve();
  // A consumer that is just starting would begin to take after it was told to be quiet.
  const afterActivation = () =>
    consumers().map((consumer) => ({
      quiesce: () => activation.then(() => consumer.quiesce()),
      idle: () => consumer.idle(),
      handBack: (reason: string) => consumer.handBack(reason),
    }));
  const drain = createDrain({ consumers: afterActivation, notice: runner.noticeDrain, clock });
  const link = createLink(
    {
      addresses: config.supervisors,
      key: options.linkKey,
      hello,
      onOrder,
      onWelcome: () => link.send(beat()),
    },
    { clock, log },
  );
  let vitals: VitalsReader | undefined;
  let ticks: Timer | undefined;

  const concurrency = registry.queues.reduce((sum, queue) => sum + slotsOf(config, registry, queue), 0);

  function hello(): WorkerHello {
    return {
      kind: 'worker',
      id,
      pod,
      slot,
      pid,
      host: hostname(),
      queues: [...registry.queues],
      concurrency,
      standby: slot === null,
      startedAtMs,
      capabilities: [],
    };
  }

  function beat(): Beat {
    const state = drain.begun ? 'draining' : slot === null ? 'standby' : 'running';
    return {
      type: 'beat',
      atMs: clock.nowMs(),
      state,
      slot,
      queues: [...registry.queues],
      concurrency,
      busy: served.reduce((sum, queue) => sum + queue.activity().busy, 0),
      ...(vitals?.read() ?? UNKNOWN_VITALS),
    };
  }

  function tick(): void {
    const now = beat();
    link.send(now);
    const { loopDelayMs, rssBytes } = now;
    tellPod({ type: 'activity', queues: served.map((queue) => queue.activity()), loopDelayMs, rssBytes });
  }

  function onOrder(order: Order): void {
    if (order.worker !== id) return;
    if (order.type === 'fenced') dependencies.onFenced();
    else if (order.type === 'drain') dependencies.onDrainOrder();
    // `kill` is for the parent: a process that can kill itself on request need not be killed.
  }

  function serve(queue: string): ServedQueue {
    const slots = slotsOf(config, registry, queue);
    const { onFenced } = dependencies;
    const serving = { queue, startId: id, concurrency: slots, run: runner.run, onFenced };
    return serveQueue(config, serving, createConsumer, { clock, log });
  }

  /** What a standby has done before it waits: everything but the first take. */
  async function open(): Promise<void> {
    await link.start();
    vitals = createVitalsReader();
    ticks = clock.every(config.supervision.beatMs, tick);
    await lanes.start();
    // Patient connections wait out any outage: a stop has to get in between.
    await unlessAborted(connect(), stopping.signal);
  }

  async function connect(): Promise<void> {
    if (stopping.signal.aborted) return;
    store = createStore(config, { clock, log, name: id, profile: 'patient' });
    await store.start();
    await untilFit(store, { clock, log, signal: stopping.signal });
    for (const queue of registry.queues) await store.board.addQueueName(queue);
    await store.stop();
    if (stopping.signal.aborted) return;
    served = registry.queues.map(serve);
    await Promise.all(consumers().map((consumer) => consumer.connect()));
  }

  /** Upstream first: no job comes in when the lanes go, and the link, which tells of us, goes last. */
  async function close(): Promise<void> {
    await runDrain(config.drain);
    ticks?.cancel();
    vitals?.stop();
    await store?.stop();
    await Promise.all(consumers().map((consumer) => consumer.stop()));
    await lanes.stop();
  }

  async function runDrain(times: DrainTimes): Promise<boolean> {
    stopping.abort();
    const draining = drain.begin(times);
    link.send(beat());
    const { handedBack, orderly } = await draining;
    if (handedBack.length > 0) log.info({ jobs: handedBack }, 'Handed back');
    // Without a bye the closed link is evidence, as it should be: the store still holds our locks.
    if (orderly) link.send({ type: 'bye', reason: 'drained' });
    else log.warn({}, 'The store did not take the running jobs back; the supervisor will see to them');
    await link.stop();
    return orderly;
  }

  const { start, stop } = lifecycle(open, close);
  return {
    start,
    stop() {
      stopping.abort();
      return stop();
    },
    drain: runDrain,
    async activate(to) {
      if (drain.begun) return;
      slot = to;
      activation = Promise.all(consumers().map((consumer) => consumer.start())).then(() => undefined);
      link.send(beat());
      await activation;
      log.info({ slot, queues: registry.queues }, 'Takes jobs');
    },
  };
}
