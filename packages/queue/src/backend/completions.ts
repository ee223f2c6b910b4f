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
}

/** One call for all: an answer for each, in their order. */
export type SendCompletions<Answer> = (set: readonly Completion[]) => Promise<readonly Answer[]>;

/** The store is held for no longer than about a millisecond. */
const MOST_IN_SET = 16;
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

/**
 * Sends completions in sets: those that are there in the same turn of the event loop go together, and those that come
 * while four sets are under way wait for the answer to one. None waits for others to come.
 */
export class Completions<Answer> {
  readonly #send: SendCompletions<Answer>;
  #waiting: Waiting<Answer>[] = [];
  #underWay = 0;
  #isDue = false;

  constructor(send: SendCompletions<Answer>) {
    this.#send = send;
  }

  /** Resolves with the store's answer to this one. Rejects with what the call rejects with. */
  add(completion: Completion): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ completion, resolve, reject });
      this.#soon();
    });
  }

  #soon(): void {
    if (this.#isDue || this.#waiting.length === 0 || this.#underWay === MOST_UNDER_WAY) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      while (this.#waiting.length > 0 && this.#underWay < MOST_UNDER_WAY) void this.#sendOne();
    });
  }

  async #sendOne(): Promise<void> {
    const set = this.#waiting.splice(0, MOST_IN_SET);
    this.#underWay++;
    try {
      const answers = await this.#send(set.map(({ completion }) => completion));
      for (const [i, { resolve }] of set.entries()) resolve(answers[i] as Answer);
    } catch (error) {
      for (const { reject } of set) reject(error);
    } finally {
      this.#underWay--;
      this.#soon();
    }
  }
}
