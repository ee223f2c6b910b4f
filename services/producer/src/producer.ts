import { type Clock, type Config, type Lifecycle, type Log, lifecycle, messageOf } from '@millrace/core';
import type { OutcomeWaiters, Store } from '@millrace/queue';
import type { HandlerRegistry } from '@millrace/sdk';
import { createAdmission } from './admission/admission.ts';
import { createJobChecker } from './admission/check-job.ts';
import { createKnownQueues } from './admission/known-queues.ts';
import { createEventHub, type EventHub } from './events/hub.ts';
import { healthListener } from './health.ts';
import { createAccess } from './http/access.ts';
import { createApi } from './http/api.ts';
import { createHttpServer } from './http/server.ts';
import type { Tokens } from './http/tokens.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { allRoutes } from './routes/all.ts';
import type { Services } from './services.ts';

/** A request that was sent on a kept connection just before it is closed would be lost. */
const FAREWELL_MS = 250;
const LOOK_MS = 10;

export interface ProducerDependencies {
  /** Already created with the `fail-fast` profile; started and stopped with the producer. */
  readonly store: Store;
  readonly handlers: HandlerRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** Null: only a loopback listener is allowed. */
  readonly tokens: Tokens | null;
}

/** The HTTP API. `stop` answers what is under way, closes the ports, then the store. */
export interface Producer extends Lifecycle {
  /** Where the API listens. */
  address(): { readonly host: string; readonly port: number };
  healthAddress(): { readonly host: string; readonly port: number };
}

interface Parts {
  readonly services: Services;
  readonly waiters: OutcomeWaiters;
  readonly events: EventHub;
  readonly metrics: Metrics;
}

function assemble(config: Config, dependencies: ProducerDependencies, draining: AbortSignal): Parts {
  const { store, handlers, clock, log } = dependencies;
  const waiters = store.waiters();
  const metrics = createMetrics();
  const declared = [...handlers.queues, ...Object.keys(config.queues)];
  const queues = createKnownQueues(declared, store.board, clock);
  const snapshots = async () =>
    Promise.all((await queues.names()).map((name) => store.queue(name).snapshot()));
  const events = createEventHub({ clock, log, board: store.board, snapshots });
  const services: Services = {
    config,
    clock,
    log,
    store,
    waiters,
    queues,
    checker: createJobChecker(config, handlers),
    admission: createAdmission(store, queues, clock, metrics),
    events,
    metrics,
    draining,
    audit: ({ name, role }, action, target) => log.info({ audit: action, by: name, role, target }, 'action'),
  };
  return { services, waiters, events, metrics };
}

/** Why no request should be sent here; null when all is well. */
function readinessOf(store: Store, draining: AbortSignal): () => Promise<string | null> {
  return async () => {
    if (draining.aborted) return 'This producer is about to end.';
    try {
      await store.check();
      return null;
    } catch (error) {
      return messageOf(error);
    }
  };
}

/** Gives the store a moment, so that the first request is not refused for having come too early. Never throws. */
async function connectedWithin(store: Store, clock: Clock, limitMs: number): Promise<void> {
  for (let waitedMs = 0; !store.connected && waitedMs < limitMs; waitedMs += LOOK_MS)
    await clock.sleep(LOOK_MS);
}

/** Puts the HTTP API together. Throws `start_failed` when it would listen openly without tokens. */
export function createProducer(config: Config, dependencies: ProducerDependencies): Producer {
  const { store, clock, log, tokens } = dependencies;
  const { host, port, healthHost, healthPort, bodyMaxBytes } = config.http;
  const drain = new AbortController();
  const { services, waiters, events, metrics } = assemble(config, dependencies, drain.signal);
  const api = createApi({
    routes: allRoutes(services),
    access: createAccess(host, tokens),
    bodyMaxBytes,
    clock,
    log,
    metrics,
    isDraining: () => drain.signal.aborted,
  });
  const server = createHttpServer({
    host,
    port,
    listener: api,
    clock,
    farewellMs: FAREWELL_MS,
    drainMs: config.drain.timeoutMs,
  });
  const gauges = () =>
    ({
      millrace_waiters: ['Requests that wait for a result.', waiters.size],
      millrace_event_listeners: ['Listeners of the event stream.', events.listeners],
      millrace_store_connected: ['1 while the store can be reached.', store.connected ? 1 : 0],
    }) as const;
  const health = createHttpServer({
    host: healthHost,
    port: healthPort,
    clock,
    farewellMs: 0,
    drainMs: 0,
    listener: healthListener({
      fault: readinessOf(store, drain.signal),
      metrics: () => metrics.text(gauges()),
    }),
  });

  const life = lifecycle(
    async () => {
      for (const part of [store, waiters, events, health]) await part.start();
      await connectedWithin(store, clock, config.http.deadlineMs);
      await server.start();
    },
    async () => {
      // Not ready first; then nobody waits any more, so that all requests come to their end; the store last.
      drain.abort();
      await events.stop();
      await server.stop();
      for (const part of [waiters, store, health]) await part.stop();
    },
  );
  return {
    ...life,
    address: () => ({ host, port: server.port }),
    healthAddress: () => ({ host: healthHost, port: health.port }),
  };
}
