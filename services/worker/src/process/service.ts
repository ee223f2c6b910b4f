import type { Clock, Config, Log } from '@millrace/core';
import {
  type Consumer,
  createConsumer,
  createStore,
  type RunJob,
  rehearseConsumer,
  type Store,
} from '@millrace/queue';
import type { HandlerRegistry } from '@millrace/sdk';
import type { QueueActivity } from '../ipc.ts';
import type { WorkerTelemetry } from '../telemetry/worker-telemetry.ts';
import type { DrainDependencies } from './drain.ts';
import { untilFit } from './fit-store.ts';
import { slotsOf } from './queue-slots.ts';
import { type ServedQueue, serveQueue } from './served-queue.ts';

export interface ServiceOptions {
  readonly startId: string;
  readonly registry: HandlerRegistry;
  readonly run: RunJob;
  /** Runs what is none of the registry's, to practise. */
  readonly rehearse: RunJob;
  readonly onFenced: () => void;
  /** Null: no attempt becomes a span. */
  readonly telemetry: Pick<WorkerTelemetry, 'recorderOf' | 'asOneReply' | 'lost'> | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** The queues that one process serves. */
export interface Service {
  /** Jobs at once, over all queues. */
  readonly concurrency: number;
  /** All but the first take. Waits out any outage until `signal` aborts; throws `store_unfit`. */
  connect(signal: AbortSignal): Promise<void>;
  takeJobs(): Promise<void>;
  activity(): QueueActivity[];
  /** What a drain ends. */
  consumers(): ReturnType<DrainDependencies['consumers']>;
  stop(): Promise<void>;
}

export function createService(config: Config, options: ServiceOptions): Service {
  const { startId, registry, run, rehearse, onFenced, telemetry, clock, log } = options;
  let store: Store | undefined;
  // Made at the connect, since a consumer dials as soon as it is made.
  let served: readonly ServedQueue[] = [];
  let rehearsed = Promise.resolve();
  let takes = Promise.resolve();
  const all = <T>(act: (consumer: Consumer) => Promise<T>) =>
    Promise.all(served.map(({ consumer }) => act(consumer)));
  const slots = (queue: string) => slotsOf(config, registry, queue);

  function serve(queue: string): ServedQueue {
    const listening = telemetry
      ? {
          onAttemptEnd: telemetry.recorderOf(queue),
          asOneReply: telemetry.asOneReply,
          onAttemptsLost: telemetry.lost,
        }
      : {};
    const serving = { queue, startId, concurrency: slots(queue), run, onFenced, ...listening };
    return serveQueue(config, serving, createConsumer, { clock, log });
  }

  async function announceQueues({ board }: Store): Promise<void> {
    for (const queue of registry.queues) await board.addQueueName(queue);
  }

  return {
    concurrency: registry.queues.reduce((sum, queue) => sum + slots(queue), 0),
    async connect(signal) {
      if (signal.aborted) return;
      const opened = createStore(config, { clock, log, name: startId, profile: 'patient' });
      store = opened;
      await opened.start();
      const fit = async () => {
        await opened.check();
        await announceQueues(opened);
      };
      await untilFit(fit, { clock, log, signal });
      await opened.stop();
      if (signal.aborted) return;
      served = registry.queues.map(serve);
      await all((consumer) => consumer.connect());
      rehearsed = rehearseConsumer(config, { startId, run: rehearse }, { clock, log, signal });
      await rehearsed;
    },
    takeJobs() {
      takes = all((consumer) => consumer.start()).then(() => undefined);
      return takes;
    },
    activity: () => served.map((queue) => queue.activity()),
    // A consumer that is just starting would begin to take after it was told to be quiet.
    consumers: () =>
      served.map(({ consumer }) => ({
        quiesce: () => takes.then(() => consumer.quiesce()),
        idle: () => consumer.idle(),
        runningIds: () => consumer.runningIds(),
        handBack: (reason: string) => consumer.handBack(reason),
      })),
    async stop() {
      await rehearsed;
      await store?.stop();
      await all((consumer) => consumer.stop());
    },
  };
}
