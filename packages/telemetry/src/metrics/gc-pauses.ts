import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { createDurationHistogram, type DurationCounts, type DurationHistogram } from './histogram.ts';

/** V8's kinds of collection, by the numbers that Node gives them. */
const KINDS: Readonly<Record<number, GcKind>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};
export const GC_KINDS = ['minor', 'major', 'incremental', 'weakcb'] as const;
export type GcKind = (typeof GC_KINDS)[number];

/** How long V8's garbage collections held up this thread. */
export interface GcMeter {
  start(): void;
  stop(): void;
  pauses(): ReadonlyMap<GcKind, DurationCounts>;
}

export function createGcMeter(): GcMeter {
  const pauses = new Map<GcKind, DurationHistogram>(
    GC_KINDS.map((kind) => [kind, createDurationHistogram()]),
  );
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration, detail } = entry as PerformanceEntry & {
        readonly detail?: { readonly kind?: number };
      };
      const kind = detail?.kind ?? 0;
      // Kinds that newer V8s add, like their own minor collector, are of short pauses.
      pauses.get(KINDS[kind] ?? 'minor')?.record(duration / 1e3);
    }
  });
  return {
    start: () => observer.observe({ entryTypes: ['gc'] }),
    stop: () => observer.disconnect(),
    pauses: () => new Map([...pauses].map(([kind, histogram]) => [kind, histogram.counts()])),
  };
}
