import type { DurationCounts } from './histogram.ts';

/** Few values each, and none from a request: every combination is a series for ever. */
export type Labels = Readonly<Record<string, string | number>>;

export interface NumberSample {
  readonly labels: Labels;
  readonly value: number;
}

export interface DurationSample {
  readonly labels: Labels;
  readonly durations: DurationCounts;
}

interface Named {
  /** As Prometheus knows it: ends in its unit (`_seconds`, `_bytes`, `_ratio`), and a counter's in `_total`. */
  readonly name: string;
  /** A sentence. */
  readonly help: string;
}

/** What one metric says at one moment, by whatever way it is told. */
export type MetricFamily =
  | (Named & { readonly type: 'counter' | 'gauge'; readonly samples: readonly NumberSample[] })
  | (Named & { readonly type: 'histogram'; readonly samples: readonly DurationSample[] });

/** A gauge or a counter of one value, or of a sample for each set of labels. */
export function numberFamily(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  values: number | readonly NumberSample[],
): MetricFamily {
  const samples = typeof values === 'number' ? [{ labels: {}, value: values }] : values;
  return { type, name, help, samples };
}

/** A histogram with a sample for each set of labels. */
export function durationFamily(name: string, help: string, samples: readonly DurationSample[]): MetricFamily {
  return { type: 'histogram', name, help, samples };
}

/**
 * Families of one name as one: its samples one after the other, its words those of the first. Two parts of a service
 * may both tell of a metric; a text that declares it twice is refused by Prometheus.
 */
export function mergeFamilies(families: readonly MetricFamily[]): MetricFamily[] {
  const merged = new Map<string, MetricFamily>();
  for (const family of families) {
    const known = merged.get(family.name);
    const samples = [...(known?.samples ?? []), ...family.samples];
    merged.set(family.name, { ...(known ?? family), samples } as MetricFamily);
  }
  return [...merged.values()];
}
