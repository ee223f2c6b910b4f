import { randomBytes } from 'node:crypto';
import { type Clock, type Config, messageOf } from '@millrace/core';
import {
  type Batch,
  type ChaosTarget,
  Collector,
  createApi,
  type Death,
  deathsIn,
  type Fault,
  type Harm,
} from '@millrace/local';
import { lossArea, meanLevel, steadyOf, timeToBand, windowsOf } from '@millrace/measure';
import { type Account, Books } from './books.ts';
import { OpenLoad } from './load.ts';
import type { Rig } from './rig.ts';
import { faultsOf } from './verdict.ts';

/** WORKLOAD.md, "Measured". */
const WINDOW_MS = 100;
const BAND = 0.9;
const HOLD_MS = 1_000;
/** A second commit, or a late death, would come after the last one: we listen a little longer. */
const AFTER_MS = 500;
const STRIKE_MS = 180_000;
const LOOK_MS = 100;
const NO_BAND = { toBandMs: null, toWholeMs: null, lossArea: null, steadyRate: null, steadyInBand: null };

/** How a fault is tried. */
export interface TrialSettings {
  readonly clock: Clock;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Jobs a second. */
  readonly rate: number;
  /** Before the harm: 5 s or more for a figure. */
  readonly steadyMs: number;
  /** After the end of the harm, at least; longer, up to the fault's bound, until the run is back in its band. */
  readonly afterMs: number;
  /** False: nobody waits for the band, and none is told (a test). */
  readonly measured: boolean;
}

/** What became of one fault. */
export interface TrialResult {
  readonly name: string;
  readonly what: string | null;
  readonly ledger: Account;
  readonly deaths: readonly Death[];
  /** Ms from the harm; null when the band was not reached, or not looked for. */
  readonly toBandMs: number | null;
  /** The same with backlog and wait back as well. */
  readonly toWholeMs: number | null;
  /** Job-seconds. */
  readonly lossArea: number | null;
  /** Jobs a second before the harm. */
  readonly steadyRate: number | null;
  /** Share of the windows before the harm that were in the band themselves: under 0.95 the machine is too noisy. */
  readonly steadyInBand: number | null;
  /** Figures that only this fault has. */
  readonly figures: Readonly<Record<string, number | string>>;
  /** Why the fault was not survived as promised; none: it was. */
  readonly faults: readonly string[];
}

/** Tries one fault under load on a rig. Rejects only when `signal` aborts or the rig itself is broken. */
export async function tryFault(rig: Rig, fault: Fault, settings: TrialSettings): Promise<TrialResult> {
  const trial = new Trial(rig, fault, settings);
  return trial.run();
}

class Trial {
  readonly #fault: Fault;
  readonly #settings: TrialSettings;
  readonly #config: Config;
  readonly #run = randomBytes(6).toString('hex');
  readonly #books: Books;
  readonly #collector: Collector;
  readonly #target: ChaosTarget;
  readonly #over = new AbortController();
  readonly #faults: string[] = [];
  readonly #figures: Record<string, number | string> = {};
  #batches = 0;
  #harm: Harm | null = null;

  constructor(rig: Rig, fault: Fault, settings: TrialSettings) {
    this.#fault = fault;
    this.#settings = settings;
    this.#config = rig.platform.config;
    const { clock, signal, seed } = settings;
    this.#books = new Books(this.#run, seed);
    this.#target = rig.target({
      clock,
      signal,
      batch: (name, data) => this.#batch(name, data),
      onHarm: (harm) => {
        this.#harm = harm;
      },
      onFigure: (figure, value) => {
        this.#figures[figure] = value;
      },
    });
    const api = createApi({ url: rig.platform.url }, clock, signal);
    this.#collector = new Collector(api, 'chaos', `chaos-${this.#run}`);
  }

  async run(): Promise<TrialResult> {
    const { clock, signal, rate, steadyMs } = this.#settings;
    const known = new Set((await this.#target.recoveries()).map(({ id }) => id));
    await this.#collector.register();
    const reading = this.#read();
    const parts = { api: this.#target.api, clock, books: this.#books, signal };
    const load = new OpenLoad({ rate, parameters: {}, run: this.#run }, parts);
    load.start();
    try {
      await clock.sleep(steadyMs, signal);
      await this.#strike();
      await this.#untilBack();
      await load.stop();
      await this.#untilEnded();
    } finally {
      this.#over.abort();
      await load.stop().catch(() => undefined);
      await reading;
    }
    await clock.sleep(AFTER_MS, signal);
    await this.#collector.drain((entry) => this.#books.record(entry));
    const deaths = deathsIn(await this.#target.recoveries(), known);
    await this.#target.api.ask({ method: 'DELETE', path: this.#collector.path });
    return this.#result(deaths);
  }

  #batch(name: string, data: readonly object[]): Batch {
    const nowMs = this.#settings.clock.epochUs() / 1000;
    const ids = data.map(() => this.#books.due(name, nowMs));
    const jobs = ids.map((id, i) => ({ name, data: this.#books.dataOf(id, data[i]) }));
    const key = `${this.#run}-fault-${this.#batches++}`;
    return { key, body: { jobs }, accepted: () => this.#books.accepted(ids) };
  }

  async #read(): Promise<void> {
    const { clock, signal } = this.#settings;
    const over = AbortSignal.any([this.#over.signal, signal]);
    await this.#collector
      .follow(
        clock,
        (entry) => this.#books.record(entry),
        () => false,
        over,
      )
      .catch((error) => {
        if (!over.aborted) this.#faults.push(`the ledger could not be read: ${messageOf(error)}`);
      });
  }

  async #strike(): Promise<void> {
    const { clock, signal } = this.#settings;
    const late = new AbortController();
    const limitMs = STRIKE_MS + (this.#fault.lastsMs ?? 0);
    const timer = clock.after(limitMs, () => late.abort(new Error(`it took longer than ${limitMs} ms`)));
    try {
      const over = AbortSignal.any([late.signal, signal]);
      await this.#fault.strike({ ...this.#target, signal: over });
    } catch (error) {
      signal.throwIfAborted();
      this.#faults.push(messageOf(error));
    } finally {
      timer.cancel();
    }
    if (this.#harm === null) this.#faults.push('no harm was done');
  }

  /** Waits until the run is back in its band, at least for a while, at most for as long as the fault may take. */
  async #untilBack(): Promise<void> {
    const { clock, signal, afterMs, measured } = this.#settings;
    const startMs = clock.monotonicMs();
    for (;;) {
      const waitedMs = clock.monotonicMs() - startMs;
      const isBack = !measured || this.#band().toWholeMs !== null;
      if ((waitedMs >= afterMs && isBack) || waitedMs >= Math.max(afterMs, this.#fault.boundMs)) return;
      await clock.sleep(LOOK_MS, signal);
    }
  }

  async #untilEnded(): Promise<void> {
    const { clock, signal } = this.#settings;
    const untilMs = clock.monotonicMs() + this.#fault.boundMs;
    while (this.#books.open > 0 && clock.monotonicMs() < untilMs) await clock.sleep(LOOK_MS, signal);
  }

  #band() {
    const { clock, steadyMs, rate } = this.#settings;
    if (this.#harm === null) return NO_BAND;
    const { atMs } = this.#harm;
    const jobs = this.#books.times();
    const nowMs = clock.epochUs() / 1000;
    // The last of them may still be on their way to the ledger's reader.
    const untilMs = nowMs - 2 * LOOK_MS;
    const before = windowsOf(jobs, atMs - steadyMs * 0.9, atMs, WINDOW_MS);
    const steady = steadyOf(before);
    if (steady === null) return NO_BAND;
    const rule = { rate: Math.min(steady.rate, rate), band: BAND, holdMs: HOLD_MS };
    const { throughput, whole } = timeToBand(windowsOf(jobs, atMs, untilMs, WINDOW_MS), atMs, steady, rule);
    const level = meanLevel(jobs, atMs - steadyMs * 0.9, atMs);
    return {
      toBandMs: throughput,
      toWholeMs: whole,
      lossArea: lossArea(jobs, { fromMs: atMs, untilMs, steady: level }),
      steadyRate: steady.rate,
      steadyInBand: before.filter((window) => window.rate >= BAND * rule.rate).length / before.length,
    };
  }

  #result(deaths: readonly Death[]): TrialResult {
    const { measured } = this.#settings;
    const ledger = this.#books.account();
    const band = measured ? this.#band() : NO_BAND;
    const faults = [
      ...this.#faults,
      ...faultsOf(this.#fault, { ledger, deaths, failures: this.#books.failures }, this.#config),
    ];
    if (this.#collector.gap) faults.push('the ledger has a gap, which voids the run');
    if (measured && band.toBandMs === null) faults.push('the throughput did not come back to its band');
    return {
      name: this.#fault.name,
      what: this.#harm?.what ?? null,
      ledger,
      deaths,
      ...band,
      figures: this.#figures,
      faults,
    };
  }
}
