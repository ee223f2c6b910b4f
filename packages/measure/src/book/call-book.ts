import type { CallFigures } from '../summary/run-summary.ts';

/** Names of calls that are told apart. */
const MOST_NAMES = 200;

/** The time that handlers spend in calls of others. */
export class CallBook {
  readonly #calls = new Map<string, { count: number; us: number }>();
  #handlersUs = 0;

  /** A handler whose calls, if it made any, are known. */
  handler(serviceUs: number, weight: number): void {
    this.#handlersUs += serviceUs * weight;
  }

  call(name: string, us: number, weight: number): void {
    const known = this.#calls.get(name) ?? { count: 0, us: 0 };
    if (this.#calls.size >= MOST_NAMES && !this.#calls.has(name)) return;
    this.#calls.set(name, { count: known.count + weight, us: known.us + us * weight });
  }

  figures(): CallFigures[] {
    return [...this.#calls]
      .map(([name, { count, us }]) => ({
        name,
        share: this.#handlersUs > 0 ? us / this.#handlersUs : 0,
        meanMs: Math.round(us / count) / 1_000,
      }))
      .sort((a, b) => b.share - a.share)
      .slice(0, 20);
  }
}
