import { setImmediate as turn } from 'node:timers/promises';

/**
 * Jobs that come with one reply begin in one turn of the event loop, and what each does before it first waits blocks the
 * loop for all. So many are let go at once as take no longer than this.
 */
const LONGEST_TURN_MS = 4;
const MOST_A_TURN = 16;

/** How many of those that wait to begin may do so in one turn: as many as lately kept the loop free. */
export class Turns {
  readonly #monotonicMs: () => number;
  readonly #waiting: (() => void)[] = [];
  #isUnderWay = false;
  #atOnce = MOST_A_TURN;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Calls each, in their order: the first ones within this call, unless others wait already, and a few a turn. None may throw. */
  letGo(begins: readonly (() => void)[]): void {
    this.#waiting.push(...begins);
    if (!this.#isUnderWay) void this.#go();
  }

  async #go(): Promise<void> {
    this.#isUnderWay = true;
    try {
      while (this.#waiting.length > 0) {
        const sinceMs = this.#monotonicMs();
        for (const begin of this.#waiting.splice(0, this.#atOnce)) begin();
        await turn();
        const isLong = this.#monotonicMs() - sinceMs > LONGEST_TURN_MS;
        this.#atOnce = isLong ? Math.ceil(this.#atOnce / 2) : Math.min(MOST_A_TURN, this.#atOnce * 2);
      }
    } finally {
      this.#isUnderWay = false;
    }
  }
}
