import type { DurationSample, Labels, MetricFamily, NumberSample } from './family.ts';
import { type DurationCounts, durationsSince } from './histogram.ts';

/** What totals rose by since they were last asked for. */
export interface Deltas {
  /** Counters and histograms as rises; gauges as they are. The first time, all that was counted. */
  since(families: readonly MetricFamily[]): MetricFamily[];
}

const keyOf = (name: string, labels: Labels) => JSON.stringify([name, labels]);
const countOf = ({ counts }: DurationCounts) => counts.reduce((sum, count) => sum + count, 0);

/** For receivers that want rises, not totals. A total that fell was counted anew from zero: it is its own rise. */
export function createDeltas(): Deltas {
  const numbers = new Map<string, number>();
  const durations = new Map<string, DurationCounts>();

  function riseOf(name: string, { labels, value }: NumberSample): NumberSample {
    const key = keyOf(name, labels);
    const before = numbers.get(key) ?? 0;
    numbers.set(key, value);
    return { labels, value: value < before ? value : value - before };
  }

  function longerBy(name: string, sample: DurationSample): DurationSample {
    const key = keyOf(name, sample.labels);
    const before = durations.get(key) ?? null;
    durations.set(key, sample.durations);
    const isAnew = before !== null && countOf(before) > countOf(sample.durations);
    return { labels: sample.labels, durations: durationsSince(isAnew ? null : before, sample.durations) };
  }

  return {
    since: (families) =>
      families.map((family) => {
        if (family.type === 'gauge') return family;
        if (family.type === 'histogram') {
          return { ...family, samples: family.samples.map((sample) => longerBy(family.name, sample)) };
        }
        return { ...family, samples: family.samples.map((sample) => riseOf(family.name, sample)) };
      }),
  };
}
