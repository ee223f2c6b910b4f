import type { Timeline } from '../book/timeline.ts';
import type { Window } from '../figures/band.ts';

/** The weighted p99 of [value, weight] pairs; null of none. */
function p99Of(pairs: readonly (readonly [number, number])[]): number | null {
  if (pairs.length === 0) return null;
  const sorted = [...pairs].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, weight]) => sum + weight, 0);
  let below = 0;
  for (const [value, weight] of sorted) {
    below += weight;
    if (below >= 0.99 * total) return value;
  }
  return null;
}

/** A run's windows between two moments, as `timeToBand` judges them. */
export class BandWindows {
  readonly #timeline: Timeline;
  /** Made when it is first needed: most runs have no death. */
  #waits: Map<number, [number, number][]> | null = null;
  readonly #bins: number;

  constructor(timeline: Timeline, windowMs: number) {
    this.#timeline = timeline;
    this.#bins = Math.max(1, Math.round((windowMs * 1_000) / timeline.binUs));
  }

  /** Whole windows in [fromMs, untilMs); they begin with the first bin that does. */
  between(fromMs: number, untilMs: number): Window[] {
    const { binUs } = this.#timeline;
    const first = Math.max(0, Math.ceil((fromMs * 1_000) / binUs));
    const last = Math.min(Math.floor((untilMs * 1_000) / binUs), Math.floor(this.#timeline.endUs / binUs));
    const before = this.#timeline.sums(0, first);
    let backlog = before.due - before.started;
    this.#waits ??= this.#timeline.waitsByBin();
    const waitsOf = this.#waits;
    const windows: Window[] = [];
    for (let bin = first; bin + this.#bins <= last; bin += this.#bins) {
      const { due, started, done } = this.#timeline.sums(bin, bin + this.#bins);
      backlog += due - started;
      const startMs = (bin * binUs) / 1_000;
      const ms = (this.#bins * binUs) / 1_000;
      const waits = Array.from({ length: this.#bins }, (_, i) => waitsOf.get(bin + i) ?? []).flat();
      const p99Us = p99Of(waits);
      const waitP99Ms = p99Us === null ? null : p99Us / 1_000;
      windows.push({ startMs, endMs: startMs + ms, rate: (done * 1_000) / ms, backlog, waitP99Ms });
    }
    return windows;
  }
}
