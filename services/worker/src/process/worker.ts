import { type Clock, type Config, type Lifecycle, type Log, lifecycle } from '@millrace/core';
import type { HandlerRegistry } from '@millrace/sdk';
import type { LinkKey, Order } from '@millrace/supervision';
import type { FromProcess } from '../ipc.ts';
import { createAloneReport } from '../lanes/alone-report.ts';
import { createLanes } from '../lanes/lanes.ts';
import { UNTRACED } from '../telemetry/run-tracing.ts';
import type { WorkerTelemetry } from '../telemetry/worker-telemetry.ts';
import { createBlockReport } from './block-report.ts';
import { createDrain, type DrainTimes } from './drain.ts';
import { createRehearsal } from './rehearsal.ts';
import { createRunner } from './run-job.ts';
import { createService } from './service.ts';
import { threadCpuMs } from './vitals.ts';
import { createVoice, type Standing } from './voice.ts';

export interface WorkerOptions {
  /** The start id, made by the parent. */
  readonly id: string;
  readonly pod: string;
  readonly pid: number;
  readonly linkKey: LinkKey;
}

export interface WorkerDependencies {
  readonly registry: HandlerRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** Null: off. It is opened and ended with the process. */
  readonly telemetry: WorkerTelemetry | null;
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
  /** The pod supervisor kills that process with one job, for memory. */
  tooLarge(pid: number): void;
}

/** Resolves with `work`, or as soon as the signal aborts; `work` then ends unheard. */
function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) resolve();
    work.then(resolve, (error) => (signal.aborted ? resolve() : reject(error)));
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** The handlers' side of a process: where they run, and what is said of those that hold up the others. */
function createWorkshop(config: Config, { id }: WorkerOptions, dependencies: WorkerDependencies) {
  const { registry, clock, log, output, tellPod, telemetry } = dependencies;
  const { beatMs, busyLimitMs } = config.supervision;
  const blocks = createBlockReport({ beatMs, clock, log, cpuMs: threadCpuMs });
  const { quarantine } = config.poison;
  const threads = config.worker.cpuThreads;
  const silence = { beatMs, limitMs: busyLimitMs };
  const alone = createAloneReport(tellPod);
  const options = { threads, quarantine, worker: id, output, ioWatch: blocks, alone, clock, log };
  const tracing = telemetry?.settings ?? null;
  const lanes = createLanes(registry, { ...options, silence, tracing });
  const { maxResultBytes } = config.job;
  const openTracing = telemetry?.open ?? (() => UNTRACED);
  const runner = createRunner({ registry, maxResultBytes, laneOf: lanes.laneOf, openTracing, clock });
  return { blocks, lanes, runner, tooLarge: alone.tooLarge };
}

/** `start` throws `store_unfit`; `stop` drains with the times of the configuration. */
export function createWorkerProcess(
  config: Config,
  options: WorkerOptions,
  dependencies: WorkerDependencies,
): WorkerProcess {
  const { registry, clock, log, tellPod, onFenced, telemetry } = dependencies;
  const { queues } = registry;
  const stopping = new AbortController();
  let slot: number | null = null;

  const { blocks, lanes, runner, tooLarge } = createWorkshop(config, options, dependencies);
  const { run } = runner;
  const rehearse = createRehearsal(config.job.maxResultBytes, clock, log);
  const serving = { startId: options.id, registry, run, rehearse, onFenced, telemetry, clock, log };
  const service = createService(config, serving);
  const drain = createDrain({ consumers: service.consumers, notice: runner.noticeDrain, clock });
  const voice = createVoice(config, {
    ...options,
    queues,
    concurrency: service.concurrency,
    standing,
    onOrder,
    onTick: blocks.tick,
    tellPod,
    clock,
    log,
  });

  function standing(): Standing {
    const state = drain.begun ? 'draining' : slot === null ? 'standby' : 'running';
    return { state, slot, activity: service.activity() };
  }

  function onOrder(order: Order): void {
    if (order.type === 'fenced') onFenced();
    else if (order.type === 'drain') dependencies.onDrainOrder();
    // `kill` is for the parent: a process that can kill itself on request need not be killed.
  }

  /** What a standby has done before it waits: everything but the first take. */
  async function open(): Promise<void> {
    await voice.start();
    await telemetry?.start();
    await lanes.start();
    // Patient connections wait out any outage: a stop has to get in between.
    await unlessAborted(service.connect(stopping.signal), stopping.signal);
  }

  /** Upstream first: no job comes in when the lanes go, and the link, which tells of us, goes before both. */
  async function close(): Promise<void> {
    await runDrain(config.drain);
    voice.hush();
    await service.stop();
    await lanes.stop();
    await telemetry?.stop();
  }

  async function runDrain(times: DrainTimes): Promise<boolean> {
    stopping.abort();
    const draining = drain.begin(times);
    voice.beat();
    const { handedBack, orderly } = await draining;
    if (handedBack.length > 0) log.info({ jobs: handedBack }, 'Handed back');
    // Without a bye the closed link is evidence, as it should be: the store still holds our locks.
    if (orderly) voice.bye('drained');
    else log.warn({}, 'The store does not answer; the supervisor will see to what it still holds of ours');
    await voice.stop();
    return orderly;
  }

  async function activate(to: number): Promise<void> {
    if (drain.begun) return;
    slot = to;
    const taking = service.takeJobs();
    voice.beat();
    await taking;
    log.info({ slot, queues }, 'Takes jobs');
  }

  const { start, stop } = lifecycle(open, close);
  return {
    start,
    stop() {
      stopping.abort();
      return stop();
    },
    drain: runDrain,
    activate,
    tooLarge,
  };
}
