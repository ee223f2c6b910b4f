import type { Circuit, Clock, Log } from '@millrace/core';
import type { Store } from '@millrace/queue';
import { createLatestWriter } from '../latest-writer.ts';
import { untilDoneWith } from '../until-done.ts';

export interface CircuitBreakerDependencies {
  readonly store: Pick<Store, 'supervision'>;
  readonly leads: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Brings the circuits in the store to what they are to be, through every outage. */
export interface CircuitBreaker {
  /** What each queue's circuit is to be from now on. What is wanted already is not written a second time. */
  want(circuits: ReadonlyMap<string, Circuit | null>): void;
  /**
   * What each queue's circuit is to be, whatever the store holds by now: written in any case. To be called every now and
   * then: the writes carry no term, so one that a former leader's client sent again after an outage may come last.
   */
  assert(circuits: ReadonlyMap<string, Circuit | null>): void;
  stop(): Promise<void>;
}

/** See {@link CircuitBreaker}. */
export function createCircuitBreaker(dependencies: CircuitBreakerDependencies): CircuitBreaker {
  const { store, leads, clock, log } = dependencies;
  const stopping = new AbortController();
  const untilDone = untilDoneWith(clock, log, stopping.signal);
  const wanted = new Map<string, string>();
  const told = new Map<string, string>();

  const writer = createLatestWriter<Circuit | null>((queue, circuit) =>
    untilDone('circuit', async () => {
      // Whoever leads now writes its own.
      if (!leads()) return wanted.clear();
      await store.supervision.setCircuit(queue, circuit);
      tell(queue, circuit);
    }),
  );

  /** Written again is no news. */
  function tell(queue: string, circuit: Circuit | null): void {
    const text = JSON.stringify(circuit);
    if (told.get(queue) === text) return;
    told.set(queue, text);
    if (circuit) log.warn({ queue, pool: circuit.pool }, 'A queue’s circuit is open: it takes no jobs');
    else log.debug({ queue }, 'A queue takes jobs');
  }

  function want(circuits: ReadonlyMap<string, Circuit | null>): void {
    for (const [queue, circuit] of circuits) {
      const text = JSON.stringify(circuit);
      if (wanted.get(queue) === text) continue;
      wanted.set(queue, text);
      writer.save(queue, circuit);
    }
  }

  return {
    want,
    assert(circuits) {
      wanted.clear();
      want(circuits);
    },
    async stop() {
      stopping.abort(new Error('the supervisor stops'));
      await writer.settled();
    },
  };
}
