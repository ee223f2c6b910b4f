import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { parseArgs } from 'node:util';
import {
  type Config,
  createLog,
  isMillraceError,
  keepCompiled,
  type Log,
  messageOf,
  systemClock,
} from '@millrace/core';
import { loadHandlers } from '@millrace/sdk';
import type { TelemetrySettings } from '@millrace/telemetry';
import { EXIT, type FromProcess, type ToProcess } from '../ipc.ts';
import { currentRun } from '../lanes/current-run.ts';
import { readSettings } from '../settings.ts';
import type { WorkerTelemetry } from '../telemetry/worker-telemetry.ts';
import type { DrainTimes } from './drain.ts';
import { handlersOfPool } from './pool-queues.ts';
import { tieToParent } from './watchdog.ts';
import { createWorkerProcess, type WorkerProcess } from './worker.ts';

// First of all, so that not even a start outlives its pod.
tieToParent();
keepCompiled();

const STDERR = 2;
const { values } = parseArgs({
  options: { pod: { type: 'string' }, pool: { type: 'string' }, start: { type: 'string' } },
});
const { pod = '', pool = 'default', start: id = '' } = values;
const tellPod = (message: FromProcess, then = () => {}) => void process.send?.(message, undefined, {}, then);
/** A pod that does not read must not keep us. */
const LAST_WORD_MS = 100;

/** The pod believes the code only of who told it first: a handler may end its process with any. */
function endSaying(type: 'leaving' | 'fenced', code: number): void {
  const end = () => process.exit(code);
  tellPod({ type }, end);
  systemClock.after(LAST_WORD_MS, end);
}

/** An outage of the store is nobody's fault, and least of all a reason to end; should it be one, it counts nothing. */
function endOf(error: unknown): void {
  if (isMillraceError(error, 'store_unavailable')) endSaying('leaving', EXIT.storeAway);
  else process.exit(1);
}

/** The last words reach the pod's report: written at once, past every buffer, and with the job that they come from. */
function dieOf(what: string, error: unknown): void {
  const story = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const job = currentRun.getStore()?.job;
  const origin = job ? ` from job ${job.id} (${job.queue}/${job.name})` : '';
  writeSync(STDERR, `${what} in worker ${id}${origin}: ${story}\n`);
  endOf(error);
}
process.on('uncaughtException', (error) => dieOf('Uncaught exception', error));
process.on('unhandledRejection', (error) => dieOf('Unhandled rejection', error));

function refuseStart(error: unknown): void {
  writeSync(STDERR, `${messageOf(error)}\n`);
  const isLasting = isMillraceError(error, 'store_unfit') || isMillraceError(error, 'handlers_invalid');
  if (isLasting || isMillraceError(error, 'config_invalid')) process.exit(EXIT.refused);
  endOf(error);
}

async function leave(
  worker: WorkerProcess,
  times: DrainTimes,
  telemetry: WorkerTelemetry | null,
): Promise<void> {
  // Nothing runs any more and the store knows: closing connections one by one would only cost time.
  const isOrderly = await worker.drain(times);
  await telemetry?.stop();
  process.exit(isOrderly ? 0 : EXIT.storeAway);
}

/** Loaded where spans are made, and nowhere else. */
async function openTelemetry(
  config: Config,
  settings: TelemetrySettings,
  log: Log,
): Promise<WorkerTelemetry | null> {
  const { openWorkerTelemetry } = await import('../telemetry/worker-telemetry.ts');
  return openWorkerTelemetry(config, settings, { clock: systemClock, log });
}

/** The names under which OpenTelemetry finds a trace in a log that is not its own. */
function traceFields(telemetry: WorkerTelemetry | null): object {
  const place = telemetry?.active();
  return place ? { trace_id: place.traceId, span_id: place.spanId } : {};
}

async function main(): Promise<void> {
  const { config, linkKey, telemetry: settings } = readSettings(process.env, pod);
  let telemetry: WorkerTelemetry | null = null;
  const log = createLog('worker', config.log.level, () => traceFields(telemetry)).child({ worker: id });
  if (settings.traces !== null) telemetry = await openTelemetry(config, settings, log);
  await telemetry?.watch();
  process.on('exit', () => telemetry?.flush());
  const handlers = await loadHandlers(config.handlersDir);
  const registry = handlersOfPool(handlers, pool, config.pools[pool]?.queues);
  const onDrainOrder = () => {
    tellPod({ type: 'leaving' });
    void leave(worker, config.drain, telemetry);
  };
  const worker = createWorkerProcess(
    config,
    {
      id,
      pod,
      pid: process.pid,
      linkKey,
    },
    {
      registry,
      clock: systemClock,
      log,
      telemetry,
      output: process.stderr,
      tellPod,
      onDrainOrder,
      onFenced() {
        writeSync(STDERR, `Worker ${id} was declared dead and is fenced off: it exits.\n`);
        endSaying('fenced', EXIT.fenced);
      },
    },
  );

  process.on('message', (message: ToProcess) => {
    if (message.type === 'activate') void worker.activate(message.slot);
    else if (message.type === 'too-large') worker.tooLarge(message.pid);
    else void leave(worker, message, telemetry);
  });
  process.on('SIGTERM', onDrainOrder);
  // Ctrl-C reaches the whole terminal; the pod decides what it means for us.
  process.on('SIGINT', () => undefined);
  await worker.start();
  tellPod({ type: 'ready' });
  // Now, since a killed process writes nothing at its end. Later holds no more: Node keeps a module's code as it was loaded.
  flushCompileCache();
}

main().catch(refuseStart);
