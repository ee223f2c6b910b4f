import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Writable } from 'node:stream';
import { MillraceError, type Recovery, type WorkerStatus } from '@millrace/core';
import type { Host } from '../host.ts';
import type { Launcher, Running } from '../launch/launcher.ts';
import type { DemoSettings } from '../options.ts';
import { type Api, type ApiAddress, createApi, DemoFailure } from './api.ts';
import { EventsFile } from './events-file.ts';
import { Progress } from './progress.ts';
import { type Kill, type RecoveryTimes, recoveryTimes } from './recovery-times.ts';
import { ownEventsFile, writeReport } from './report.ts';
import { DemoRun } from './run.ts';
import { describeRun } from './run-header.ts';
import { DEMO } from './settings.ts';
import { demoTable } from './table.ts';
import { faultsOf, type RunFacts, reportOf } from './verdict.ts';
import { demoParameters, expectedChecksum, plannedCrashes } from './workload-plan.ts';

/** How long the workers may take to be ready. */
const SERVING_MS = 60_000;
/** How long the last recoveries may take to be told of. */
const RECOVERIES_MS = 10_000;
const LOOK_MS = 100;
/** How long spans may take from their process to where they are read. */
const SPANS_MS = 2_000;
const CLEAN_UP_MS = 3_000;
/** A commit that comes after the last one would be a second one: we listen a little longer. */
const AFTER_MS = 300;

/** What the demo runs on. */
export interface DemoContext {
  readonly launcher: Launcher;
  readonly json: boolean;
  readonly notes: Writable;
  /** Aborts when the user wants to stop. */
  readonly signal: AbortSignal;
}

interface QueueState {
  readonly bound: number;
  readonly paused: boolean;
  readonly concurrency: number | null;
}

const QUEUE_PATH = `/v1/queues/${DEMO.queue}`;

/** Gives the queue the demo's bound, which also resets its highest depth; returns what it was before. */
async function prepareQueue(api: Api): Promise<QueueState> {
  const { bound, paused, concurrency } = await api.must<QueueState>({ method: 'GET', path: QUEUE_PATH });
  const body = { bound: DEMO.bound, paused: false, concurrency: null };
  await api.must({ method: 'PATCH', path: QUEUE_PATH, body });
  return { bound, paused, concurrency };
}

/** Leaves the queue as it was, also after a run that failed or was interrupted; best effort, in a short time. */
async function cleanUp(
  run: DemoRun,
  before: QueueState,
  address: ApiAddress,
  clock: Host['clock'],
): Promise<void> {
  const api = createApi(address, clock, AbortSignal.timeout(CLEAN_UP_MS));
  await api.ask({ method: 'PATCH', path: QUEUE_PATH, body: before }).catch(() => undefined);
  await api.ask({ method: 'DELETE', path: run.collector.path }).catch(() => undefined);
}

/** The recoveries of our kills, once all are over; those that are not after a while are taken as they are. */
async function recoveriesOf(run: DemoRun, api: Api, clock: Host['clock']): Promise<RecoveryTimes[]> {
  const untilMs = clock.monotonicMs() + RECOVERIES_MS;
  for (;;) {
    const path = '/v1/recoveries?limit=1000';
    const { recoveries } = await api.must<{ recoveries: readonly Recovery[] }>({ method: 'GET', path });
    const found = run.kills.map((kill) => recoveries.find((one) => one.certificate.worker === kill.worker));
    if (found.every((one) => one?.state === 'done') || clock.monotonicMs() > untilMs) {
      return run.kills.map((kill, i) =>
        recoveryTimes(kill, found[i], (worker) => run.orphans.lastOf(worker)),
      );
    }
    await clock.sleep(LOOK_MS);
  }
}

async function judge(
  run: DemoRun,
  settings: DemoSettings,
  api: Api,
  clock: Host['clock'],
): Promise<RunFacts> {
  await clock.sleep(AFTER_MS);
  await run.collector.drain((entry) => run.record(entry));
  await run.tellRest();
  await run.askDepth();
  const recoveries = await recoveriesOf(run, api, clock);
  const runMs = run.runMs();
  const parameters = demoParameters(settings);
  return {
    totals: run.tally.totals(),
    expectedChecksum: expectedChecksum(parameters),
    killsDue: plannedCrashes(parameters).filter((crash) => crash.atMs < runMs).length,
    kills: run.kills.length,
    bound: DEMO.bound,
    maxDepth: run.maxDepth,
    gap: run.collector.gap,
    runMs,
    recoveries,
  };
}

/** One run and its verdict; writes what it came to. Resolves with the exit code. */
async function runAndJudge(
  host: Host,
  settings: DemoSettings,
  context: DemoContext,
  parts: { readonly run: DemoRun; readonly api: Api; readonly events: EventsFile },
): Promise<number> {
  const { run, api, events } = parts;
  const { notes, signal, launcher, json } = context;
  const { clock } = host;
  const plan = plannedCrashes(demoParameters(settings));
  const header = await describeRun(run.id, settings, launcher.running(), clock);
  const progress = new Progress(notes, clock, () => ({
    done: run.tally.done,
    jobs: settings.jobs,
    depth: run.depth,
    kills: run.kills.length,
    elapsedMs: run.elapsedMs(),
  }));
  const hooks = {
    onStart: () => events.run(header, run.startedUs),
    onKill: ({ worker, slot, plannedMs }: Kill) =>
      progress.note(`killed worker ${worker} in slot ${slot} after ${plannedMs} ms`),
  };
  try {
    await run.perform(plan, hooks, signal);
  } finally {
    progress.end();
  }
  const facts = await judge(run, settings, api, clock);
  await events.end(new Set(run.watch.workers.map((worker) => worker.pid)));

  const faults = faultsOf(facts);
  const { jaegerUrl } = launcher.running();
  // The last spans are on their way.
  if (jaegerUrl !== null) await clock.sleep(SPANS_MS, signal);
  const written = await writeReport(events.file, jaegerUrl);
  const report = reportOf(facts, written.measured);
  const { runMs, bound, totals } = facts;
  notes.write(demoTable(report, run.kills, { runMs, bound, foreign: totals.foreign, faults }));
  for (const line of written.notes) notes.write(`${line}\n`);
  if (written.page !== null) notes.write(`The report: ${written.page}\n`);
  notes.write(`The events: ${events.file}\n`);
  if (json) host.stdout.write(`${JSON.stringify(report)}\n`);
  return faults.length === 0 ? 0 : 1;
}

/** Where the services tell of themselves; a store of somebody else is not asked. */
function metricsOf({ config, ports, storeUrl, storeProgram }: Running) {
  const { healthHost } = config.http;
  const host = ['0.0.0.0', '::', ''].includes(healthHost) ? '127.0.0.1' : healthHost;
  const at = (key: string) => `http://${host}:${ports.get(key)}`;
  return {
    producer: at('http.healthPort'),
    supervisor: at('supervision.healthPort'),
    pod: at('worker.healthPort'),
    storeUrl: storeProgram === null ? null : storeUrl,
  };
}

/** Jaeger's search for the jobs of one run. */
function tracesUrl(jaegerUrl: string, run: string): string {
  const tags = encodeURIComponent(JSON.stringify({ 'millrace.run.id': run }));
  return `${jaegerUrl}/search?service=millrace-worker&lookback=1h&limit=100&tags=${tags}`;
}

async function performDemo(
  host: Host,
  settings: DemoSettings,
  context: DemoContext,
  id: string,
  events: EventsFile,
): Promise<number> {
  const { launcher, notes, signal } = context;
  const { clock } = host;
  const { config, url, storeUrl, jaegerUrl, folder } = launcher.running();
  const address = { url, token: host.env.MILLRACE_TOKEN };
  const api = createApi(address, clock, signal);
  // Only processes of this very launcher may be killed: the store may be shared with other machines.
  const ours = (worker: WorkerStatus) =>
    worker.host === hostname() && launcher.pods().some((pod) => pod.id === worker.pod);
  const metrics = metricsOf(launcher.running());
  const run = new DemoRun(id, settings, { api, clock, events, metrics, ours });
  if (!(await run.watch.untilServing(DEMO.queue, DEMO.slots, config.worker.standby, SERVING_MS))) {
    throw new DemoFailure(
      `the workers do not serve the queue "${DEMO.queue}"; their logs are in ${folder.logs}`,
    );
  }
  const before = await prepareQueue(api);
  try {
    await run.collector.register();
    notes.write(
      `Running ${settings.jobs.toLocaleString('en-US')} jobs (seed ${settings.seed}) over HTTP, ${DEMO.slots} × ${DEMO.concurrency} at once, at most ${DEMO.bound} waiting; store ${storeUrl}\n`,
    );
    if (jaegerUrl !== null) notes.write(`Its traces, while it runs: ${tracesUrl(jaegerUrl, id)}\n`);
    return await runAndJudge(host, settings, context, { run, api, events });
  } finally {
    await cleanUp(run, before, address, clock);
  }
}

/** Runs the demo on a platform that is up. Resolves with the exit code; throws `start_failed` with a sentence. */
export async function runDemo(host: Host, settings: DemoSettings, context: DemoContext): Promise<number> {
  const id = randomBytes(6).toString('hex');
  const { dir } = context.launcher.running().folder;
  const events = await EventsFile.open(settings.eventsFile ?? (await ownEventsFile(dir, id)));
  try {
    return await performDemo(host, settings, context, id, events);
  } catch (error) {
    if (context.signal.aborted) {
      context.notes.write('The demo was interrupted.\n');
      return 1;
    }
    if (error instanceof DemoFailure) {
      throw new MillraceError('start_failed', `The demo failed: ${error.message}`, { cause: error });
    }
    throw error;
  }
}
