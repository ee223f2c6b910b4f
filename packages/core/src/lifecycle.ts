/**
 * The contract of every long-lived thing. Start twice is once; stop before start is fine and final;
 * stop twice is once; after `stop` resolves nothing of it runs; a stop during a start waits for it, then stops.
 * `testing/lifecycle-stress` holds every implementation to it.
 */
export interface Lifecycle {
  /** Resolves when the thing is in its promised state; concurrent calls share one start. */
  start(): Promise<void>;
  /** Resolves when nothing of it runs any more; never rejects for having been called at a bad moment. */
  stop(): Promise<void>;
}

/** Wraps a start and a stop function so that together they keep the {@link Lifecycle} contract. */
export function lifecycle(start: () => Promise<void>, stop: () => Promise<void>): Lifecycle {
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  return {
    start() {
      if (stopping) return Promise.resolve();
      starting ??= start();
      return starting;
    },
    stop() {
      stopping ??= (async () => {
        if (!starting) return;
        // A failed start may have opened something: stop still runs, and start's caller has seen the error.
        await starting.catch(() => undefined);
        await stop();
      })();
      return stopping;
    },
  };
}

/**
 * Starts `parts` in order and stops them in reverse. When one fails to start, those that had started are
 * stopped before the error is passed on; a part that fails to stop does not keep the others running.
 */
export function lifecycleGroup(parts: readonly Lifecycle[]): Lifecycle {
  const started: Lifecycle[] = [];
  const stopAll = async () => {
    const failures: unknown[] = [];
    for (const part of started.splice(0).reverse()) await part.stop().catch((error) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'some parts did not stop');
  };
  return lifecycle(async () => {
    for (const part of parts) {
      started.push(part);
      try {
        await part.start();
      } catch (error) {
        await stopAll().catch(() => undefined);
        throw error;
      }
    }
  }, stopAll);
}
