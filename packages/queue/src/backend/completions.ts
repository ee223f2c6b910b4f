import type { Turns } from './turns.ts';

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
  readonly #turns: Turns;
  #waiting: Waiting<Answer>[] = [];
  #underWay = 0;
  #isDue = false;

  /** Each answer may bring a job, which begins in its turn. */
  constructor(send: SendCompletions<Answer>, turns: Turns) {
    this.#send = send;
    this.#turns = turns;
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
      this.#turns.letGo(
        set.map(
          ({ resolve }, i) =>
            () =>
              resolve(answers[i] as Answer),
        ),
      );
    } catch (error) {
      for (const { reject } of set) reject(error);
    } finally {
      this.#underWay--;
      this.#soon();
    }
  }
}
