import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Writable } from 'node:stream';
import { MillraceError, type Recovery, type WorkerStatus } from '@millrace/core';
import type { Host } from '../host.ts';
import type { Launcher } from '../launch/launcher.ts';
import type { DemoSettings } from '../options.ts';
import { type Api, createApi, DemoFailure } from './api.ts';
import { EventsFile } from './events-file.ts';
import { Progress } from './progress.ts';
import { type RecoveryTimes, recoveryTimes } from './recovery-times.ts';
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

/** Gives the queue the demo's bound, which also resets its highest depth; returns what undoes it. */
async function prepareQueue(api: Api): Promise<() => Promise<unknown>> {
  const { bound, paused, concurrency } = await api.must<QueueState>({ method: 'GET', path: QUEUE_PATH });
  const patch = (body: object) => api.must({ method: 'PATCH', path: QUEUE_PATH, body });
  await patch({ bound: DEMO.bound, paused: false, concurrency: null });
  return () => patch({ bound, paused, concurrency });
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

async function performDemo(
  host: Host,
  settings: DemoSettings,
  context: DemoContext,
  events: EventsFile | null,
): Promise<number> {
  const { launcher, notes, signal } = context;
  const { clock } = host;
  const running = launcher.running();
  let progress: Progress | null = null;
  const api = createApi(running.url, clock, signal);
  // Only processes of this very launcher may be killed: the store may be shared with other machines.
  const ours = (worker: WorkerStatus) =>
    worker.host === hostname() && launcher.pods().some((pod) => pod.id === worker.pod);
  const run = new DemoRun(randomBytes(6).toString('hex'), settings, {
    api,
    clock,
    events,
    ours,
    onKill: (kill) =>
      progress?.note(`killed worker ${kill.worker} in slot ${kill.slot} after ${kill.plannedMs} ms`),
  });
  if (!(await run.watch.untilServing(DEMO.queue, DEMO.slots, SERVING_MS))) {
    throw new DemoFailure(
      `the workers do not serve the queue "${DEMO.queue}"; their logs are in ${running.folder.logs}`,
    );
  }
  const header = events ? await describeRun(run.id, settings, running, clock) : null;
  const restore = await prepareQueue(api);
  await run.collector.register();
  notes.write(
    `Running ${settings.jobs.toLocaleString('en-US')} jobs (seed ${settings.seed}) over HTTP, ${DEMO.slots} × ${DEMO.concurrency} at once, at most ${DEMO.bound} waiting; store ${running.storeUrl}\n`,
  );
  progress = new Progress(notes, clock, () => ({
    done: run.tally.done,
    jobs: settings.jobs,
    depth: run.depth,
    kills: run.kills.length,
    elapsedMs: run.elapsedMs(),
  }));
  try {
    await run.perform(
      plannedCrashes(demoParameters(settings)),
      () => {
        if (header) events?.run(header, run.startedUs);
      },
      signal,
    );
  } finally {
    progress.end();
  }
  const facts = await judge(run, settings, api, clock);
  await run.collector.end();
  await restore();
  await events?.end(new Set(run.watch.workers.map((worker) => worker.pid)));

  const faults = faultsOf(facts);
  const report = reportOf(facts);
  const { runMs, bound, totals } = facts;
  notes.write(demoTable(report, run.kills, { runMs, bound, foreign: totals.foreign, faults }));
  if (context.json) host.stdout.write(`${JSON.stringify(report)}\n`);
  return faults.length === 0 ? 0 : 1;
}

/** Runs the demo on a platform that is up. Resolves with the exit code; throws `start_failed` with a sentence. */
export async function runDemo(host: Host, settings: DemoSettings, context: DemoContext): Promise<number> {
  const events = settings.eventsFile === null ? null : await EventsFile.open(settings.eventsFile);
  try {
    return await performDemo(host, settings, context, events);
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
