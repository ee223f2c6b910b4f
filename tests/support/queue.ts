import {
  type Clock,
  type Config,
  compileConfig,
  type DeathCertificate,
  newStartId,
  type Outcome,
  silentLog,
  systemClock,
} from '@millrace/core';
import {
  type Consumer,
  type ConsumerOptions,
  createConsumer,
  createStore,
  type Store,
  type TakenJob,
} from '@millrace/queue';
import { Redis } from 'ioredis';
import { testStore, uniquePrefix } from './store.ts';

/** A queue installation of one test: its own prefix on the shared store, and all that must be closed after it. */
export interface QueueBench {
  readonly config: Config;
  readonly prefix: string;
  readonly redis: Redis;
  /** Opens a store and waits until it is connected. */
  store(profile?: 'fail-fast' | 'patient'): Promise<Store>;
  /** The same without a wait, and not started. */
  openStore(profile?: 'fail-fast' | 'patient'): Store;
  /** `itsClock`: where it differs from the producer's. */
  consumer(options?: Partial<ConsumerOptions>, itsClock?: Clock): Consumer;
  close(): Promise<void>;
}

/** Resolves once `condition` holds; asked again after every turn, without a fixed wait. Fails after `withinMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 20_000,
): Promise<void> {
  const end = systemClock.monotonicMs() + withinMs;
  while (!(await condition())) {
    if (systemClock.monotonicMs() > end) throw new Error(`waited ${withinMs} ms in vain until ${what}`);
    await systemClock.sleep(5);
  }
}

/** A store to test on: the test's own connection goes to `url`, and what is tested is told `settings` of `redis`. */
export interface BenchStore {
  readonly url: string;
  /** Instead of `url`, for what is tested. */
  readonly productUrl?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Opens a bench; `yaml` is configuration below the store's. */
export function queueBench(
  yaml = '',
  store: BenchStore = testStore(),
  clock: Clock = systemClock,
): QueueBench {
  const prefix = String(store.settings?.prefix ?? uniquePrefix());
  const settings = {
    url: store.settings ? undefined : (store.productUrl ?? store.url),
    ...store.settings,
    prefix,
  };
  const config = compileConfig({}, `redis: ${JSON.stringify(settings)}\n${yaml}`);
  const redis = new Redis(store.url, { maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  const stops: (() => Promise<void>)[] = [];
  const openStore = (profile: 'fail-fast' | 'patient' = 'fail-fast') => {
    const made = createStore(config, { clock, log: silentLog, name: `test-${prefix}`, profile });
    stops.push(() => made.stop());
    return made;
  };
  return {
    config,
    prefix,
    redis,
    openStore,
    async store(profile) {
      const made = openStore(profile);
      await made.start();
      await until(() => made.connected, 'the store is connected');
      return made;
    },
    consumer(options = {}, itsClock = clock) {
      const defaults: ConsumerOptions = {
        queue: 'work',
        startId: newStartId('pod'),
        concurrency: 4,
        run: async (): Promise<Outcome> => ({ kind: 'ok', value: null }),
        onFenced: () => undefined,
      };
      const made = createConsumer(config, { ...defaults, ...options }, { clock: itsClock, log: silentLog });
      stops.push(() => made.stop());
      return made;
    },
    async close() {
      await Promise.all(stops.map((stop) => stop()));
      redis.disconnect();
    },
  };
}

/** A handler whose jobs wait until the test lets them go. */
export function gate() {
  const started = new Map<
    string,
    { job: TakenJob; signal: AbortSignal; finish: (outcome: Outcome) => void }
  >();
  return {
    started,
    run: (job: TakenJob, signal: AbortSignal) =>
      new Promise<Outcome>((finish) => {
        started.set(job.id, { job, signal, finish });
      }),
    finishAll(outcome: Outcome = { kind: 'ok', value: null }) {
      for (const { finish } of started.values()) finish(outcome);
    },
  };
}

/** `n` small jobs. */
export function jobs(n: number, data: unknown = {}) {
  return Array.from({ length: n }, () => ({ name: 'job', data: data as never, opts: {} }));
}

/** A death certificate with nothing remarkable in it but what `over` says. */
export function certificateOf(worker: string, over: Partial<DeathCertificate> = {}): DeathCertificate {
  return {
    ...{ worker, pod: worker.replace(/\.[^.]*$/, ''), pid: 1, slot: 0, cause: 'killed', blame: 'none' },
    ...{ exitCode: null, exitSignal: null, diedAtMs: 1, certifiedAtMs: 2, evidence: [], lastLines: [] },
    ...{ peakRssBytes: null, memoryLimitBytes: null, beats: [], ...over },
  };
}
