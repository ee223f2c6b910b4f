import { type Clock, MillraceError } from '@millrace/core';
import type { Api } from '@millrace/local';
import type { Books } from './books.ts';

const TICK_MS = 5;
/** Ids in one request, and requests at once: after an outage the door is not the bottleneck. */
const CHUNK = 64;
const AT_ONCE = 8;
const REFUSED_MS = 20;

/** What the load consists of. */
export interface LoadSettings {
  /** Jobs a second, whatever becomes of them (open loop). */
  readonly rate: number;
  /** Parameters of the workload that are not its defaults. */
  readonly parameters: Readonly<Record<string, number | string>>;
  /** Distinguishes its keys from those of others. */
  readonly run: string;
}

/**
 * Offers jobs of the handler `work` at a fixed rate, over HTTP, each chunk under a key of its own until it is
 * accepted. A job is due when the rate says so, not when there was time to offer it.
 */
export class OpenLoad {
  readonly #api: Api;
  readonly #clock: Clock;
  readonly #books: Books;
  readonly #settings: LoadSettings;
  readonly #signal: AbortSignal;
  readonly #waiting: number[] = [];
  #offering = 0;
  #chunks = 0;
  #stopped = false;
  #failure: unknown = null;
  #running: Promise<void> = Promise.resolve();

  constructor(
    settings: LoadSettings,
    parts: {
      readonly api: Api;
      readonly clock: Clock;
      readonly books: Books;
      readonly signal: AbortSignal;
    },
  ) {
    this.#settings = settings;
    this.#api = parts.api;
    this.#clock = parts.clock;
    this.#books = parts.books;
    this.#signal = parts.signal;
  }

  start(): void {
    this.#running = this.#run().catch((error) => {
      this.#failure = error;
    });
  }

  /** Offers no more. Resolves when all that was offered is accepted; rejects when something was refused for good. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    while (this.#failure === null && (this.#waiting.length > 0 || this.#offering > 0)) {
      this.#send();
      await this.#clock.sleep(TICK_MS, this.#signal);
    }
    if (this.#failure !== null) throw this.#failure;
  }

  async #run(): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    const epochMs = this.#clock.epochUs() / 1000;
    const everyMs = 1000 / this.#settings.rate;
    for (let next = 0; !this.#stopped; ) {
      const elapsedMs = this.#clock.monotonicMs() - startMs;
      for (; next * everyMs <= elapsedMs; next++) {
        this.#waiting.push(this.#books.due('work', epochMs + next * everyMs));
      }
      this.#send();
      await this.#clock.sleep(TICK_MS, this.#signal);
    }
  }

  #send(): void {
    while (this.#waiting.length > 0 && this.#offering < AT_ONCE) {
      const ids = this.#waiting.splice(0, CHUNK);
      this.#offering += 1;
      void this.#offer(ids)
        .catch((error) => {
          this.#failure ??= error;
        })
        .finally(() => {
          this.#offering -= 1;
        });
    }
  }

  async #offer(ids: readonly number[]): Promise<void> {
    const { run, parameters } = this.#settings;
    const key = `${run}-load-${this.#chunks++}`;
    const body = { jobs: ids.map((id) => ({ name: 'work', data: this.#books.dataOf(id, parameters) })) };
    for (;;) {
      const path = '/v1/queues/chaos/jobs';
      const answer = await this.#api.ask({ method: 'POST', path, body, key }, this.#signal);
      if (answer.status === 202) return this.#books.accepted(ids);
      if (answer.status !== 429) {
        throw new MillraceError(
          'internal',
          `The load was refused: ${answer.status} ${JSON.stringify(answer.body)}`,
        );
      }
      await this.#clock.sleep(REFUSED_MS, this.#signal);
    }
  }
}
