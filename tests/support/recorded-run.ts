import { createReadStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { systemClock as clock } from '@millrace/core';
import { DEFAULT_SETTINGS, gatherReports, type RunReport } from '@millrace/measure';
import { defaultParameters, jobDataMaker, type WorkloadParameters } from '@millrace/workload';
import { type Api, createApi } from '../../local/src/demo/api.ts';
import { Collector, type LedgerLine } from '../../local/src/demo/collector.ts';
import { EventsFile } from '../../local/src/demo/events-file.ts';
import { watchMetrics } from '../../local/src/demo/metrics/metrics-watch.ts';
import { WorkerWatch } from '../../local/src/demo/worker-watch.ts';
import type { Ready } from './launch.ts';

/** A run on a platform that is up, as a test wants it. */
export interface WantedRun {
  readonly queue?: string;
  readonly parameters?: Partial<WorkloadParameters>;
  /** Instead of the workload's own data. */
  readonly data?: object;
  readonly concurrency?: number;
  readonly bound?: number;
  /** Jobs of one request, and the pause after it: the rate at which they are offered. */
  readonly batch?: number;
  readonly pauseMs?: number;
  readonly offerMs?: number;
  /** Pause between two reads of the results. */
  readonly readEveryMs?: number;
}

type Settings = Required<Omit<WantedRun, 'data'>> & Pick<WantedRun, 'data'>;

const NORMAL = {
  ...{ queue: 'workload', parameters: {}, concurrency: 16, bound: 256 },
  ...{ batch: 20, pauseMs: 100, offerMs: 4_000, readEveryMs: 50 },
};
const AGAIN_MS = 20;

/** Offers jobs, reads the ledger and writes what the demo would write. */
class Recorder {
  readonly #api: Api;
  readonly #events: EventsFile;
  readonly #settings: Settings;
  readonly #parameters: WorkloadParameters;
  readonly #collector: Collector;
  readonly #scheduled = new Map<string, { readonly id: number; readonly scheduledUs: number }>();
  /** Read before the answer that names them. */
  #unknown: LedgerLine[] = [];
  #done = 0;
  #lagMs: number | null = null;
  #isOffering = true;

  constructor(id: string, api: Api, events: EventsFile, settings: Settings) {
    this.#api = api;
    this.#events = events;
    this.#settings = settings;
    const rate = (settings.batch * 1_000) / settings.pauseMs;
    this.#parameters = { ...defaultParameters(2), rate, ...settings.parameters };
    this.#collector = new Collector(api, settings.queue, id);
  }

  async begin(id: string): Promise<void> {
    const { queue, bound, concurrency } = this.#settings;
    const body = { bound, concurrency, paused: false };
    await this.#api.must({ method: 'PATCH', path: `/v1/queues/${queue}`, body });
    await this.#collector.register();
    const machine = { threads: 2, cpu: 'any', cores: availableParallelism(), kernel: 'Linux', load: 0 };
    const about = { run_id: id, versions: {}, build: {}, commit: 'none', ns_per_step: 1.5, deviations: [] };
    this.#events.run({ ...about, ...machine, config: { ...this.#parameters, jobs: 0 } }, clock.epochUs());
  }

  get depth(): number {
    return this.#scheduled.size - this.#done;
  }

  /** How old the oldest result was when it was read, since this was asked. */
  takeLag(): number | null {
    const lagMs = this.#lagMs;
    this.#lagMs = null;
    return lagMs;
  }

  async offer(): Promise<void> {
    const { batch, pauseMs, offerMs, data } = this.#settings;
    const make = data === undefined ? jobDataMaker(this.#parameters) : () => data;
    const untilMs = clock.monotonicMs() + offerMs;
    for (let first = 0; clock.monotonicMs() < untilMs; first += batch) {
      const scheduledUs = clock.epochUs();
      const ids = await this.#add(
        Array.from({ length: batch }, (_, i) => make(first + i)),
        untilMs,
      );
      ids.forEach((job, i) => {
        this.#scheduled.set(job, { id: first + i, scheduledUs });
      });
      await clock.sleep(pauseMs);
    }
    this.#isOffering = false;
  }

  async read(withinMs: number): Promise<void> {
    const untilMs = clock.monotonicMs() + withinMs;
    while ((this.#isOffering || this.depth > 0) && clock.monotonicMs() < untilMs) {
      for (const entry of this.#unknown.splice(0)) this.#take(entry);
      await this.#collector.drain((entry) => this.#take(entry));
      await clock.sleep(this.#settings.readEveryMs);
    }
    await this.#api.ask({ method: 'DELETE', path: this.#collector.path });
  }

  async #add(data: readonly object[], untilMs: number): Promise<readonly string[]> {
    const { queue } = this.#settings;
    const body = { jobs: data.map((one) => ({ name: queue, data: one })) };
    while (clock.monotonicMs() < untilMs) {
      const answer = await this.#api.ask({ method: 'POST', path: `/v1/queues/${queue}/jobs`, body });
      if (answer.status === 202) return (answer.body as { ids: readonly string[] }).ids;
      await clock.sleep(AGAIN_MS);
    }
    return [];
  }

  #take(entry: LedgerLine): void {
    const job = this.#scheduled.get(entry.id);
    if (job === undefined) {
      this.#unknown.push(entry);
      return;
    }
    if (entry.outcome === 'completed') this.#done += 1;
    this.#lagMs = Math.max(this.#lagMs ?? 0, clock.epochUs() / 1_000 - entry.doneUs / 1_000);
    this.#events.ended(entry, { ...job, producer: 0, slot: 0 });
  }
}

/** Runs jobs on `ready`'s platform and reports on them, from an events file as the demo writes it. */
export async function recordedRun(ready: Ready, wanted: WantedRun): Promise<RunReport> {
  const settings = { ...NORMAL, ...wanted };
  const id = `run-${Math.round(clock.nowMs())}`;
  const over = new AbortController();
  const api = createApi({ url: ready.url }, clock, over.signal);
  const events = await EventsFile.open(join(ready.dir, `${id}.jsonl`));
  const recorder = new Recorder(id, api, events, settings);
  const onSample = (worker: Parameters<EventsFile['sample']>[0]) => events.sample(worker);
  const watch = new WorkerWatch(api, clock, () => true, { onTaken: () => undefined, onSample });
  await recorder.begin(id);
  await watch.refresh();
  const at = (name: string) => `http://127.0.0.1:${ready.ports[name]}`;
  const sources = {
    ...{ producer: at('http.healthPort'), supervisor: at('supervision.healthPort') },
    ...{ pod: at('worker.healthPort'), storeUrl: ready.store, workers: () => watch.workers, clock },
    queue: () => ({
      name: settings.queue,
      depth: recorder.depth,
      bound: settings.bound,
      concurrency: settings.concurrency,
    }),
    lagMs: () => recorder.takeLag(),
  };
  const watching = [
    watchMetrics(sources, (line) => events.metrics(line, clock.epochUs()), over.signal),
    watch.follow(over.signal),
  ];
  await Promise.all([recorder.offer(), recorder.read(2 * settings.offerMs)]);
  over.abort(new Error('the run is over'));
  await Promise.allSettled(watching);
  await events.end(new Set());
  const files = [{ name: id, chunks: createReadStream(events.file) }];
  const [report] = await gatherReports({ files, jaeger: null, runId: null }, DEFAULT_SETTINGS);
  if (report === undefined) throw new Error('there is no report');
  return report;
}
