import { setImmediate as turn } from 'node:timers/promises';

/** A completion on its way to the store. */
export interface Completion {
  readonly jobId: string;
  /** Its lock's. */
  readonly token: string;
  /** Which of the job's starts it is (`ats`). */
  readonly startNumber: number;
  /** With this one (`atm`). */
  readonly attemptsMade: number;
  /** JSON. */
  readonly returnValue: string;
  /** Whether it wants to be answered with another job. */
  readonly takesNext: boolean;
  /** For the ledger: when it started and ended. */
  readonly stamps: string;
}

/** One call for all: an answer for each, in their order. */
export type SendCompletions<Answer> = (set: readonly Completion[]) => Promise<readonly Answer[]>;

/** The store is held for no longer than about a millisecond: so many jobs, and so many characters of return values. */
const MOST_IN_SET = 16;
const MOST_VALUES = 65_536;
/**
 * Neither the worker nor the store waits for the other; and all that a store finds when it comes back from an fsync shares
 * the next one, so more than two are worth while (docs/decisions/0028).
 */
const MOST_UNDER_WAY = 4;

/**
 * Jobs that come with the answers to one set begin in one turn of the event loop, and what each does before it first waits
 * blocks the loop for all. So many are let go at once as take no longer than this.
 */
const LONGEST_TURN_MS = 4;

interface Waiting<Answer> {
  readonly completion: Completion;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/** How many of those that wait go together: at least one, however large its value. */
function sizeOfSet(waiting: readonly Waiting<unknown>[]): number {
  let values = 0;
  for (const [i, { completion }] of waiting.entries()) {
    values += completion.returnValue.length;
    if (i === MOST_IN_SET || (i > 0 && values > MOST_VALUES)) return i;
  }
  return waiting.length;
}

/**
 * Sends completions in sets: those that are there in the same turn of the event loop go together, and those that come
 * while four sets are under way wait for the answer to one. None waits for others to come.
 */
export class Completions<Answer> {
  readonly #send: SendCompletions<Answer>;
  readonly #monotonicMs: () => number;
  #waiting: Waiting<Answer>[] = [];
  #underWay = 0;
  #isDue = false;
  #atOnce = MOST_IN_SET;

  constructor(send: SendCompletions<Answer>, monotonicMs: () => number) {
    this.#send = send;
    this.#monotonicMs = monotonicMs;
  }

  /** Resolves with the store's answer to this one. Rejects with what the call rejects with. */
  add(completion: Completion): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ completion, resolve, reject });
      this.#soon();
    });
  }

  #soon(): void {
    if (this.#isDue || this.#waiting.length === 0 || this.#underWay >= MOST_UNDER_WAY) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      while (this.#waiting.length > 0 && this.#underWay < MOST_UNDER_WAY) void this.#sendOne();
    });
  }

  /** Sends all that wait now, in as many sets as it takes: what is said to the store after this comes behind them. */
  flush(): void {
    while (this.#waiting.length > 0) void this.#sendOne();
  }

  async #sendOne(): Promise<void> {
    const set = this.#waiting.splice(0, sizeOfSet(this.#waiting));
    this.#underWay++;
    try {
      const answers = await this.#send(set.map(({ completion }) => completion));
      void this.#answer(set, answers);
    } catch (error) {
      for (const { reject } of set) reject(error);
    } finally {
      this.#underWay--;
      this.#soon();
    }
  }

  async #answer(set: readonly Waiting<Answer>[], answers: readonly Answer[]): Promise<void> {
    for (let from = 0; from < set.length; ) {
      const some = set.slice(from, from + this.#atOnce);
      for (const [i, { resolve }] of some.entries()) resolve(answers[from + i] as Answer);
      from += some.length;
      const sinceMs = this.#monotonicMs();
      await turn();
      const isLong = this.#monotonicMs() - sinceMs > LONGEST_TURN_MS;
      this.#atOnce = isLong ? Math.ceil(this.#atOnce / 2) : Math.min(MOST_IN_SET, this.#atOnce * 2);
    }
  }
}
