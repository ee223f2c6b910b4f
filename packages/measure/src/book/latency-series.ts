import { Histogram } from '../figures/histogram.ts';

/** More parts than these, and two become one. */
const MOST_PARTS = 1_024;

/** One second (or more, in a long run) of latencies. */
export class LatencySeries {
  #widthUs = 1_000_000;
  #parts = new Map<number, Histogram>();

  get widthUs(): number {
    return this.#widthUs;
  }

  add(atUs: number, valueUs: number, weight: number): void {
    const index = Math.max(0, Math.floor(atUs / this.#widthUs));
    let part = this.#parts.get(index);
    if (part === undefined) {
      part = new Histogram();
      this.#parts.set(index, part);
    }
    part.record(valueUs, weight);
    if (this.#parts.size > MOST_PARTS) this.#widen();
  }

  /** In time's order: where each part begins, and what it holds. */
  parts(): [startUs: number, part: Histogram][] {
    return [...this.#parts].sort(([a], [b]) => a - b).map(([index, part]) => [index * this.#widthUs, part]);
  }

  #widen(): void {
    const wide = new Map<number, Histogram>();
    for (const [index, part] of this.#parts) {
      const known = wide.get(index >> 1);
      if (known === undefined) wide.set(index >> 1, part);
      else known.merge(part);
    }
    this.#parts = wide;
    this.#widthUs *= 2;
  }
}
