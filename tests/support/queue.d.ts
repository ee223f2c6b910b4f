import { type Clock, type Config, type Outcome } from '@millrace/core';
import { type Consumer, type ConsumerOptions, type Store, type TakenJob } from '@millrace/queue';
import { Redis } from 'ioredis';
/** A queue installation of one test: its own prefix on the shared store, and all that must be closed after it. */
export interface QueueBench {
  readonly config: Config;
  readonly prefix: string;
  readonly redis: Redis;
  store(profile?: 'fail-fast' | 'patient'): Promise<Store>;
  consumer(options?: Partial<ConsumerOptions>): Consumer;
  close(): Promise<void>;
}
/** Resolves once `condition` holds; asked again after every turn, without a fixed wait. Fails after `withinMs`. */
export declare function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs?: number,
): Promise<void>;
/** Opens a bench; `yaml` is configuration below the store's. */
export declare function queueBench(
  yaml?: string,
  store?: {
    url: string;
  },
  clock?: Clock,
): QueueBench;
/** A handler whose jobs wait until the test lets them go. */
export declare function gate(): {
  started: Map<
    string,
    {
      job: TakenJob;
      signal: AbortSignal;
      finish: (outcome: Outcome) => void;
    }
  >;
  run: (job: TakenJob, signal: AbortSignal) => Promise<Outcome>;
  finishAll(outcome?: Outcome): void;
};
/** `n` small jobs. */
export declare function jobs(
  n: number,
  data?: unknown,
): {
  name: string;
  data: never;
  opts: {};
}[];
