import { type Clock, type Log, messageOf } from '@millrace/core';
import type { Store, StoreCondition } from '@millrace/queue';

const CHECK_MS = 5_000;
const AWAY_MS = 100;

/** Whether the store can be worked with, looked at again and again. */
export interface StoreFitness {
  /** Why it cannot, as sentences; empty means that it can. */
  faults(): string[];
  /** What its last look saw, as Prometheus text; nothing while it cannot be worked with. */
  text(): string;
  /** Looks until `signal` aborts, with which it rejects; tells each warning once. */
  watch(signal: AbortSignal): Promise<void>;
}

function gauge(name: string, help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`;
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

  async function look(): Promise<void> {
    try {
      seen = await store.check();
      unfit = null;
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
    text() {
      if (seen === null || !store.connected) return '';
      const { memoryUsed, memoryMax } = seen;
      return (
        gauge('millrace_store_memory_used_bytes', 'Memory that the store uses.', memoryUsed) +
        gauge('millrace_store_memory_max_bytes', 'Its maxmemory; 0 where none is set.', memoryMax)
      );
    },
    async watch(signal) {
      while (!signal.aborted) {
        if (store.connected) await look();
        await clock.sleep(store.connected ? CHECK_MS : AWAY_MS, signal);
      }
    },
  };
}
