import type { Clock, WorkerStatus } from '@millrace/core';
import type { DemoSettings } from '../options.ts';
import type { Api } from './api.ts';
import { Collector, type LedgerLine } from './collector.ts';
import { makeCrashes, type PlannedCrash } from './crashes.ts';
import type { EventsFile } from './events-file.ts';
import { LedgerTally } from './ledger-tally.ts';
import { type MarkedData, markedData } from './marked-data.ts';
import { type MetricsSources, watchMetrics } from './metrics/metrics-watch.ts';
import { type Offer, offerAll } from './offer.ts';
import { OrphanStarts } from './orphan-starts.ts';
import type { Kill } from './recovery-times.ts';
import { DEMO } from './settings.ts';
import { WorkerWatch } from './worker-watch.ts';

/** With nothing done for so long, what is missing will not come. */
const STALLED_MS = 60_000;
const DEPTH_MS = 500;

export interface RunDependencies {
  readonly api: Api;
  readonly clock: Clock;
  readonly events: EventsFile;
  /** Where services and store tell of themselves. */
  readonly metrics: Pick<MetricsSources, 'producer' | 'supervisor' | 'pod' | 'storeUrl'>;
  /** Whether a worker is one of this launcher's own, so that it may be killed. */
  readonly ours: (worker: WorkerStatus) => boolean;
}

/** Moments of a run. */
export interface RunHooks {
  readonly onStart: () => void;
  readonly onKill: (kill: Kill) => void;
}

/** One run of the demo: offers, collects and kills, and keeps the books. */
export class DemoRun {
  readonly id: string;
  readonly tally: LedgerTally;
  readonly watch: WorkerWatch;
  readonly collector: Collector;
  readonly kills: Kill[] = [];
  readonly orphans = new OrphanStarts();
  /** Latest and highest depth that the API told of. */
  depth: number | null = null;
  maxDepth = 0;
  /** Nothing was done for a minute though not all was. */
  stalled = false;

  readonly #settings: DemoSettings;
  readonly #deps: RunDependencies;
  readonly #over = new AbortController();
  /** Ended attempts of workers whose slot is not known yet. */
  #unplaced: { readonly entry: LedgerLine; readonly id: number }[] = [];
  readonly #scheduledUs: Float64Array;
  readonly #jobData: MarkedData;
  #startedMs: number | null = null;
  #startedUs = 0;
  #lastDoneUs = 0;
  #lastProgressMs = 0;
  /** How old the oldest result was when it was read, since somebody asked. */
  #lagMs: number | null = null;

  constructor(id: string, settings: DemoSettings, deps: RunDependencies) {
    this.id = id;
    this.#settings = settings;
    this.#deps = deps;
    this.#jobData = markedData(id, settings.seed);
    this.tally = new LedgerTally(settings.jobs, this.#jobData.idOf);
    this.#scheduledUs = new Float64Array(settings.jobs);
    this.collector = new Collector(deps.api, DEMO.queue, `demo-${id}`);
    this.watch = new WorkerWatch(deps.api, deps.clock, deps.ours, {
      onTaken: (taken) => {
        if (this.#startedMs !== null) deps.events.restart(taken);
        this.#tellPlaced(taken.worker);
      },
      onSample: (worker) => this.#startedMs !== null && deps.events.sample(worker),
    });
  }

  /** Ms since the first offer. */
  elapsedMs(): number {
    return this.#startedMs === null ? 0 : this.#deps.clock.monotonicMs() - this.#startedMs;
  }

  /** Ms from the first offer to the last commit. */
  runMs(): number {
    return Math.max(0, (this.#lastDoneUs - this.#startedUs) / 1000);
  }

  /** µs since 1970 of the first offer. */
  get startedUs(): number {
    return this.#startedUs;
  }

  /** Runs to the end: all done, the ledger broken, or stalled. Rejects when `signal` aborts or a call is refused. */
  async perform(plan: readonly PlannedCrash[], hooks: RunHooks, signal: AbortSignal): Promise<void> {
    const { clock, api } = this.#deps;
    const over = AbortSignal.any([this.#over.signal, signal]);
    this.#startedMs = clock.monotonicMs();
    this.#startedUs = clock.epochUs();
    this.#lastProgressMs = this.#startedMs;
    hooks.onStart();
    const onKill = (kill: Kill) => {
      this.kills.push(kill);
      this.#deps.events.crash(kill);
      hooks.onKill(kill);
    };
    const crashes = { clock, startedMs: this.#startedMs, onKill };
    const background = [
      makeCrashes(plan, DEMO.slots, this.watch, crashes, over),
      this.watch.follow(over),
      this.#followDepth(over),
      this.#followMetrics(over),
    ];
    const producers = Array.from({ length: DEMO.producers }, (_, producer) =>
      offerAll(api, clock, this.#offer(producer), over),
    );
    const isOver = () => this.tally.done >= this.#settings.jobs || this.#hasStalled();
    const reading = this.collector.follow(clock, (entry) => this.record(entry), isOver, over);
    try {
      await Promise.race([reading, Promise.all([reading, ...producers])]);
    } finally {
      this.#over.abort(new Error('the run is over'));
      await Promise.allSettled([...background, ...producers, reading]);
    }
  }

  /** Books one ledger entry. */
  record(entry: LedgerLine): void {
    const before = this.tally.done;
    const id = this.tally.add(entry);
    this.orphans.add(entry);
    if (id === null) return;
    this.#lagMs = Math.max(this.#lagMs ?? 0, (this.#deps.clock.epochUs() - entry.doneUs) / 1000);
    if (entry.outcome === 'completed') this.#lastDoneUs = Math.max(this.#lastDoneUs, entry.doneUs);
    this.#tellEnd(entry, id);
    if (this.tally.done > before) this.#lastProgressMs = this.#deps.clock.monotonicMs();
  }

  /** A done job's line names its worker's slot: one whose worker we have not seen yet waits until we do. */
  #tellEnd(entry: LedgerLine, id: number): void {
    const slot = this.watch.slotOf(entry.worker);
    if (slot === null && entry.outcome === 'completed') this.#unplaced.push({ entry, id });
    else this.#tell(entry, id, slot);
  }

  /** Tells what still waits: of workers that died before anybody saw them in a slot. */
  async tellRest(): Promise<void> {
    await this.watch.refresh();
    for (const { entry, id } of this.#unplaced.splice(0)) this.#tell(entry, id, null);
  }

  #tell(entry: LedgerLine, id: number, slot: number | null): void {
    const scheduledUs = this.#scheduledUs[id] as number;
    this.#deps.events.ended(entry, { id, producer: id % DEMO.producers, slot, scheduledUs });
  }

  #tellPlaced(worker: string): void {
    const waiting = this.#unplaced.filter(({ entry }) => entry.worker === worker);
    this.#unplaced = this.#unplaced.filter(({ entry }) => entry.worker !== worker);
    for (const { entry, id } of waiting) this.#tellEnd(entry, id);
  }

  #offer(producer: number): Offer {
    const { jobs } = this.#settings;
    return {
      ...{ run: this.id, queue: DEMO.queue, jobs, producer, producers: DEMO.producers },
      dataOf: this.#jobData.of,
      onOffer: (ids: readonly number[]) => {
        const nowUs = this.#deps.clock.epochUs();
        for (const id of ids) this.#scheduledUs[id] = nowUs;
        return nowUs;
      },
    };
  }

  #hasStalled(): boolean {
    this.stalled = this.#deps.clock.monotonicMs() - this.#lastProgressMs > STALLED_MS;
    return this.stalled;
  }

  async #followDepth(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.askDepth();
      await this.#deps.clock.sleep(DEPTH_MS, signal).catch(() => undefined);
    }
  }

  async #followMetrics(signal: AbortSignal): Promise<void> {
    const { clock, events, metrics } = this.#deps;
    const sources: MetricsSources = {
      ...metrics,
      clock,
      workers: () => this.watch.workers,
      queue: () => ({ name: DEMO.queue, depth: this.depth, bound: DEMO.bound }),
      lagMs: () => {
        const lagMs = this.#lagMs;
        this.#lagMs = null;
        return lagMs;
      },
    };
    await watchMetrics(sources, (line) => events.metrics(line, clock.epochUs()), signal);
  }

  /** The queue's own account of its depth; the highest is kept, should somebody reset it meanwhile. */
  async askDepth(): Promise<void> {
    const path = `/v1/queues/${DEMO.queue}`;
    const queue = await this.#deps.api.must<{ depth: number; maxDepth: number }>({ method: 'GET', path });
    this.depth = queue.depth;
    this.maxDepth = Math.max(this.maxDepth, queue.maxDepth);
  }
}
