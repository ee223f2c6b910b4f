import {
  type Clock,
  type Config,
  type Lifecycle,
  type Log,
  lifecycle,
  messageOf,
  storeAddress,
} from '@millrace/core';
import type { OutcomeWaiters, Store } from '@millrace/queue';
import type { HandlerRegistry } from '@millrace/sdk';
import {
  createServiceMetrics,
  createSpanExport,
  type ServiceMetrics,
  type SpanExport,
  TELEMETRY_OFF,
  type TelemetrySettings,
} from '@millrace/telemetry';
import { createAdmission } from './admission/admission.ts';
import { createJobChecker } from './admission/check-job.ts';
import { createKnownQueues } from './admission/known-queues.ts';
import { createEventHub, type EventHub } from './events/hub.ts';
import { healthListener } from './health.ts';
import { createAccess } from './http/access.ts';
import { createApi } from './http/api.ts';
import { type AuditLine, writeAudit } from './http/audit.ts';
import { createBearerFailures } from './http/bearer-failures.ts';
import { createLiveRequests } from './http/live-requests.ts';
import { createHttpServer, type HttpServer } from './http/server.ts';
import type { Tokens } from './http/tokens.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { allRoutes } from './routes/all.ts';
import type { Services } from './services.ts';
import { recoveryView } from './tracing/death-traces.ts';
import { createJobTraces } from './tracing/job-traces.ts';
import { createTracing, TRACING_OFF } from './tracing/tracing.ts';

const LOOK_MS = 10;
/** Probes and scrapes are few. */
const HEALTH_CONNECTIONS = 256;
/** The one operation that happens thousands of times a second. */
const ADD_JOBS = 'addJobs';

export interface ProducerDependencies {
  /** Already created with the `fail-fast` profile; started and stopped with the producer. */
  readonly store: Store;
  readonly handlers: HandlerRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** Null: only a loopback listener is allowed. */
  readonly tokens: Tokens | null;
  /** Where the audit log goes; default: `log`. */
  readonly auditLog?: Log;
  /** Default: nobody is sent anything. */
  readonly telemetry?: TelemetrySettings;
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
  readonly spans: SpanExport;
}

/** A pool's queues are there before its first pod: at zero pods it is their jobs that wake it. */
function declaredQueues(config: Config, handlers: ProducerDependencies['handlers']): string[] {
  const ofPools = Object.values(config.pools).flatMap(({ queues = [] }) => queues);
  return [...handlers.queues, ...Object.keys(config.queues), ...ofPools];
}

/** What tells of traces, and what writes them. */
function tracers(config: Config, settings: TelemetrySettings, spans: SpanExport, clock: Clock) {
  const jobTraces = createJobTraces(config);
  const options = { settings, spans, store: storeAddress(config.redis), jobTraces, clock };
  return { jobTraces, tracing: settings.traces ? createTracing(options) : TRACING_OFF };
}

function assemble(config: Config, dependencies: ProducerDependencies, draining: AbortSignal): Parts {
  const { store, handlers, clock, log, telemetry = TELEMETRY_OFF } = dependencies;
  const spans = createSpanExport(telemetry, { clock, log });
  const waiters = store.waiters();
  const metrics = createMetrics();
  const queues = createKnownQueues(declaredQueues(config, handlers), store.board, clock);
  const snapshots = async () =>
    Promise.all((await queues.names()).map((name) => store.queue(name).snapshot()));
  const traced = tracers(config, telemetry, spans, clock);
  const events = createEventHub({
    ...{ clock, log, board: store.board, snapshots },
    recoveryView: (recovery) => recoveryView(recovery, traced.jobTraces),
  });
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
    ...traced,
    draining,
  };
  return { services, waiters, events, metrics, spans };
}

/** Why no request should be sent here; null when all is well. */
function readinessOf(store: Store, leaving: AbortSignal): () => Promise<string | null> {
  return async () => {
    if (leaving.aborted) return 'This producer is about to end.';
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

/** What the API is guarded by. Throws `start_failed` when it would listen openly without tokens. */
function guards(config: Config, { clock, log, tokens, auditLog = log }: ProducerDependencies) {
  const { host, authFailures, auditAdds } = config.http;
  const failures = createBearerFailures(authFailures, clock);
  const access = createAccess({ host, tokens, failures, clock, log });
  const tellsAdds = auditAdds ?? !access.isOpen;
  return {
    access,
    live: createLiveRequests(access, clock),
    audit(line: AuditLine) {
      if (tellsAdds || line.action !== ADD_JOBS) writeAudit(auditLog, line);
    },
  };
}

/** What `/metrics` tells, and what is pushed. */
function tellMetrics(
  { store, tokens, clock, log, telemetry = TELEMETRY_OFF }: ProducerDependencies,
  { waiters, events, metrics, spans }: Parts,
): ServiceMetrics {
  const standing = () => ({
    waiters: waiters.size,
    eventListeners: events.listeners,
    isStoreConnected: store.connected,
    isTokensFileRefused: Boolean(tokens?.fault),
  });
  const collect = () => metrics.families(standing());
  return createServiceMetrics(telemetry, { collect, spans: spans.stats, clock, log });
}

function healthServer(
  config: Config,
  { store, clock }: ProducerDependencies,
  { metrics }: Parts,
  told: ServiceMetrics,
  leaving: AbortSignal,
): HttpServer {
  return createHttpServer({
    host: config.http.healthHost,
    port: config.http.healthPort,
    clock,
    headersMs: config.http.headersMs,
    maxConnections: HEALTH_CONNECTIONS,
    onDropped: () => metrics.dropped(),
    drainMs: 0,
    listener: healthListener({ fault: readinessOf(store, leaving), metrics: told.text }),
  });
}

/** Puts the HTTP API together. Throws `start_failed` when it would listen openly without tokens. */
export function createProducer(config: Config, dependencies: ProducerDependencies): Producer {
  const { store, clock, log } = dependencies;
  const { host, port, healthHost, headersMs, maxConnections, lingerMs } = config.http;
  const leave = new AbortController();
  const drain = new AbortController();
  const parts = assemble(config, dependencies, drain.signal);
  const { services, waiters, events, metrics, spans } = parts;
  const { live, ...guard } = guards(config, dependencies);
  const isLeaving = () => leave.signal.aborted;
  const listener = createApi({
    ...config.http,
    ...guard,
    live,
    routes: allRoutes(services),
    clock,
    log,
    metrics,
    tracing: services.tracing,
    isLeaving,
  });
  const onDropped = () => metrics.dropped();
  const drainMs = config.drain.timeoutMs;
  const server = createHttpServer({
    host,
    port,
    listener,
    clock,
    headersMs,
    maxConnections,
    onDropped,
    drainMs,
  });
  const told = tellMetrics(dependencies, parts);
  const health = healthServer(config, dependencies, parts, told, leave.signal);

  const life = lifecycle(
    async () => {
      for (const part of [store, spans, waiters, events, live, told, health]) await part.start();
      await connectedWithin(store, clock, config.http.deadlineMs);
      await server.start();
    },
    async () => {
      // Not ready first, while whoever has not heard of it is still served, but each answer closes its connection.
      leave.abort();
      if (server.isListening) await clock.sleep(lingerMs);
      // Then nobody waits any more, so that all requests come to their end; the store last.
      drain.abort();
      await events.stop();
      await server.stop();
      for (const part of [live, waiters, store]) await part.stop();
      // After the last request, whose span is one of them. Side by side: a collector that never answers takes 2 s of each.
      await Promise.all([spans.stop(), told.stop()]);
      await health.stop();
    },
  );
  return {
    ...life,
    address: () => ({ host, port: server.port }),
    healthAddress: () => ({ host: healthHost, port: health.port }),
  };
}
