import type { MetricsSource, MetricValues } from '../events.ts';
import { quantile } from '../figures/quantile.ts';
import { expectedServiceMs } from '../summary/expected.ts';
import type { RunSummary } from '../summary/run-summary.ts';

interface Sample {
  readonly second: number;
  readonly name: string;
  readonly value: number;
}

/** One figure of one source over the run: a value a second, for each process that told it. */
export class Series {
  readonly samples: readonly Sample[];
  readonly #values: readonly number[];

  constructor(samples: readonly Sample[]) {
    this.samples = samples;
    this.#values = samples.map(({ value }) => value);
  }

  /** Fewer tell nothing of a run. */
  get isTold(): boolean {
    return this.#values.length >= 3;
  }

  get sum(): number {
    return this.#values.reduce((sum, value) => sum + value, 0);
  }

  get mean(): number {
    return this.#values.length === 0 ? 0 : this.sum / this.#values.length;
  }

  get max(): number {
    return this.quantile(1);
  }

  /** 0 where nothing was told. */
  quantile(q: number): number {
    return quantile(this.#values, q) ?? 0;
  }

  /** Share of the values that fit. */
  share(fits: (value: number, sample: Sample) => boolean): number {
    if (this.samples.length === 0) return 0;
    return this.samples.filter((sample) => fits(sample.value, sample)).length / this.samples.length;
  }

  /** Sum over all processes, second by second. */
  bySecond(): Map<number, number> {
    const sums = new Map<number, number>();
    for (const { second, value } of this.samples) sums.set(second, (sums.get(second) ?? 0) + value);
    return sums;
  }

  /** Means of the first and the last quarter of the time. */
  ends(): { readonly first: number; readonly last: number } {
    const seconds = [...this.bySecond()].sort(([a], [b]) => a - b).map(([, value]) => value);
    const quarter = Math.max(1, Math.floor(seconds.length / 4));
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    return seconds.length === 0
      ? { first: 0, last: 0 }
      : { first: mean(seconds.slice(0, quarter)), last: mean(seconds.slice(-quarter)) };
  }
}

/** What the causes are looked for in. */
export class Facts {
  readonly run: RunSummary;
  readonly #known = new Map<string, Series>();

  constructor(run: RunSummary) {
    this.run = run;
  }

  /** A figure of the run's configuration; null where it has none. */
  config(key: string): number | null {
    const value = this.run.run?.config[key];
    return typeof value === 'number' ? value : null;
  }

  /** What a handler takes in the mean with nothing in its way, ms; null where nobody can know. */
  get expectedServiceMs(): number | null {
    return expectedServiceMs(this.run.run);
  }

  /** Jobs arrive by a schedule, not as fast as they are taken. */
  get isOpenLoop(): boolean {
    return (this.config('rate') ?? 0) > 0;
  }

  get cores(): number | null {
    return this.run.run?.cores ?? null;
  }

  /** A figure over the time in which jobs ran; empty where nobody told it. */
  metric<S extends MetricsSource>(source: S, key: keyof MetricValues[S] & string): Series {
    const id = `${source} ${key}`;
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const series = new Series(
      this.run.metrics.flatMap((event) => {
        const value = event.source === source ? event.values[key] : undefined;
        // What ends after the last job did tells of an idle platform.
        if (value === undefined || event.at_us / 1e6 > this.run.seconds + 1) return [];
        return [{ second: Math.floor(event.at_us / 1e6), name: event.name ?? source, value }];
      }),
    );
    this.#known.set(id, series);
    return series;
  }
}

/** A figure for a sentence: `0.62`, `41`, `1,850`. */
export function figure(value: number): string {
  const digits = Math.abs(value) >= 10 ? 0 : Math.abs(value) >= 1 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

export const percent = (share: number) => `${figure(share * 100)} %`;

/** Bytes for a sentence. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${figure(bytes / 1_024 ** unit)} ${units[unit]}`;
}

/** `value` on the way from `from` (0) to `to` (1). */
export function grade(value: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}
