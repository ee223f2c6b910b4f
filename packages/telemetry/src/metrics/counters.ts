import { durationFamily, type Labels, type MetricFamily, type NumberSample, numberFamily } from './family.ts';
import { createDurationHistogram, type DurationHistogram } from './histogram.ts';

/** A counter with labels, kept in this process. */
export interface Counter {
  add(labels: Labels, by?: number): void;
  /** The count of these labels alone: who counts often asks for it once. */
  at(labels: Labels): { value: number };
  family(): MetricFamily;
}

/** Durations with labels, kept in this process. */
export interface Durations {
  record(labels: Labels, seconds: number): void;
  /** Those of these labels alone: who counts often asks for them once. */
  at(labels: Labels): DurationHistogram;
  family(): MetricFamily;
}

/** Label sets by their values, in the order of their first use. */
function byLabels<T>(make: () => T) {
  const entries = new Map<string, { readonly labels: Labels; readonly kept: T }>();
  return {
    of(labels: Labels): T {
      let key = '';
      for (const name in labels) key += `${name}\0${labels[name]}\0`;
      const known = entries.get(key);
      if (known !== undefined) return known.kept;
      const kept = make();
      entries.set(key, { labels: { ...labels }, kept });
      return kept;
    },
    all: () => [...entries.values()],
  };
}

/** `zeros` are told from the start: a counter that is there has a rate from its first event on. */
export function createCounter(name: string, help: string, zeros: readonly Labels[] = []): Counter {
  const counts = byLabels(() => ({ value: 0 }));
  for (const labels of zeros) counts.of(labels);
  return {
    add(labels, by = 1) {
      counts.of(labels).value += by;
    },
    at: counts.of,
    family() {
      const samples: NumberSample[] = counts.all().map(({ labels, kept }) => ({ labels, value: kept.value }));
      return numberFamily('counter', name, help, samples);
    },
  };
}

/** See {@link Durations}. `zeros` are told from the start. */
export function createDurations(name: string, help: string, zeros: readonly Labels[] = []): Durations {
  const histograms = byLabels<DurationHistogram>(createDurationHistogram);
  for (const labels of zeros) histograms.of(labels);
  return {
    record: (labels, seconds) => histograms.of(labels).record(seconds),
    at: histograms.of,
    family() {
      const samples = histograms.all().map(({ labels, kept }) => ({ labels, durations: kept.counts() }));
      return durationFamily(name, help, samples);
    },
  };
}
