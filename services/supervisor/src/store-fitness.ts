import { type Clock, type Log, messageOf } from '@millrace/core';
import type { Store, StoreCondition } from '@millrace/queue';
import { createDurations, type MetricFamily } from '@millrace/telemetry';
import { storeFamilies } from './health/store-families.ts';

const CHECK_MS = 5_000;
const AWAY_MS = 100;

/** Whether the store can be worked with, looked at again and again. */
export interface StoreFitness {
  /** Why it cannot, as sentences; empty means that it can. */
  faults(): string[];
  /** What its last look saw; of its state nothing while it cannot be worked with. */
  families(): MetricFamily[];
  /** Looks until `signal` aborts, with which it rejects; tells each warning once. */
  watch(signal: AbortSignal): Promise<void>;
}

/** See {@link StoreFitness}. */
export function createStoreFitness(
  store: Pick<Store, 'connected' | 'check'>,
  clock: Clock,
  log: Log,
): StoreFitness {
  let unfit: string | null = null;
  let seen: StoreCondition | null = null;
  const told = new Set<string>();
  const answers = createDurations(
    'millrace_store_answer_seconds',
    'Until the store answered a question for its state, every 5 s.',
  );

  async function look(): Promise<void> {
    try {
      seen = await store.check();
      unfit = null;
      for (const { node, answerMs } of seen.nodes) answers.record({ node }, answerMs / 1_000);
    } catch (error) {
      seen = null;
      unfit = messageOf(error);
      return;
    }
    for (const warning of seen.warnings) {
      if (!told.has(warning)) log.warn({ store: seen.product, version: seen.version }, warning);
      told.add(warning);
    }
  }

  return {
    faults() {
      if (!store.connected) return ['The store does not answer.'];
      return unfit === null ? [] : [unfit];
    },
    families() {
      const state = seen === null || !store.connected ? [] : storeFamilies(seen);
      return [...state, answers.family()];
    },
    async watch(signal) {
      while (!signal.aborted) {
        if (store.connected) await look();
        await clock.sleep(store.connected ? CHECK_MS : AWAY_MS, signal);
      }
    },
  };
}
