import type { Redis } from 'ioredis';
import { queueKeys } from '../keys.ts';
import type { DeadStart, ReclaimResult } from '../types/supervision.ts';
import { reclaimPass } from './reclaim-pass.ts';

/** Starts that one pass serves. */
const STARTS_A_PASS = 500;

interface Asked {
  readonly dead: DeadStart;
  resolve(result: ReclaimResult): void;
  reject(error: unknown): void;
}

/**
 * Reclaims in sets: all that is asked for in one turn of the event loop, or while a pass is under way, shares the next
 * pass over the queue's active jobs. When 200 workers die at once the list is walked once, not 200 times.
 */
export class Reclaimer {
  readonly #client: Redis;
  readonly #prefix: string;
  readonly #poisonKills: number;
  readonly #asked = new Map<string, Asked[]>();
  readonly #underway = new Set<string>();

  /** `poisonKills` 0: deaths are not counted against jobs. */
  constructor(client: Redis, prefix: string, poisonKills: number) {
    this.#client = client;
    this.#prefix = prefix;
    this.#poisonKills = poisonKills;
  }

  reclaim(queue: string, dead: DeadStart): Promise<ReclaimResult> {
    return new Promise((resolve, reject) => {
      const asked = this.#asked.get(queue) ?? [];
      asked.push({ dead, resolve, reject });
      this.#asked.set(queue, asked);
      if (asked.length === 1 && !this.#underway.has(queue)) setImmediate(() => void this.#work(queue));
    });
  }

  async #work(queue: string): Promise<void> {
    if (this.#underway.has(queue)) return;
    this.#underway.add(queue);
    for (let batch = this.#next(queue); batch.length > 0; batch = this.#next(queue)) {
      await this.#pass(queue, batch);
    }
    this.#underway.delete(queue);
  }

  #next(queue: string): Asked[] {
    const asked = this.#asked.get(queue) ?? [];
    const batch = asked.splice(0, STARTS_A_PASS);
    if (asked.length === 0) this.#asked.delete(queue);
    return batch;
  }

  async #pass(queue: string, batch: readonly Asked[]): Promise<void> {
    try {
      const results = await reclaimPass(
        this.#client,
        queueKeys(this.#prefix, queue),
        batch.map(({ dead }) => dead),
        this.#poisonKills,
      );
      results.forEach((result, index) => {
        if (result.status === 'fulfilled') batch[index]?.resolve(result.value);
        else batch[index]?.reject(result.reason);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
