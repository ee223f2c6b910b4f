import { type Lifecycle, type Log, lifecycle } from '@millrace/core';
import { context, propagation, type TextMapPropagator, trace } from '@opentelemetry/api';
import type { TelemetrySettings } from '../settings/settings.ts';
import type { SpanPlace, SpanRecord } from '../span-record.ts';
import { createHandlerProvider } from './handler-provider.ts';
import { type HandlerContext, HandlerScope } from './handler-scope.ts';
import { createInstrumentations } from './instrumentations.ts';
import { createScopeContextManager, type ScopeContextManager } from './scope-context-manager.ts';

/**
 * What gives handlers OpenTelemetry's API: spans that they and their instrumentations make hang under the attempt's
 * `process` span, wait for its decision, bounded, and are handed on or forgotten with it.
 */
export interface HandlerTracing extends Lifecycle {
  /** Has libraries watched that handlers load from now on. `start` does it too, and may come after handlers are loaded. */
  watch(): Promise<void>;
  /** Opens an attempt. `describe` is called when somebody asks for the context, at most once. */
  open(describe: () => HandlerContext): HandlerScope;
  run<T>(scope: HandlerScope, fn: () => T): T;
  /** Spans that the attempt's handler made elsewhere, in a thread or a process of its own. */
  adopt(scope: HandlerScope, records: readonly SpanRecord[]): void;
  /** The attempt's decision. Spans that end after it follow it. */
  settle(scope: HandlerScope, keep: boolean): void;
  /** The span that runs now, for log lines; null outside of handlers. */
  active(): SpanPlace | null;
  stats(): { readonly waiting: number; readonly dropped: number };
}

export interface HandlerTracingDeps {
  readonly log: Log;
  /** Takes the spans of kept attempts. */
  readonly sink: (records: readonly SpanRecord[]) => void;
  /** The scope that runs now, where the caller keeps it in a storage of its own instead of calling `run`. */
  readonly ambient?: () => HandlerScope | undefined;
}

const UNTRACED = new HandlerScope(() => {
  throw new Error('telemetry is off: nobody asks');
});

/** For telemetry that is off: handlers run as they are. */
const NO_TRACING: HandlerTracing = {
  ...lifecycle(
    async () => undefined,
    async () => undefined,
  ),
  watch: async () => undefined,
  open: () => UNTRACED,
  run: (_scope, fn) => fn(),
  adopt() {},
  settle() {},
  active: () => null,
  stats: () => ({ waiting: 0, dropped: 0 }),
};

/** One attempt may hold this share of what may wait in the process. */
const SHARE = 8;

export function createHandlerTracing(settings: TelemetrySettings, deps: HandlerTracingDeps): HandlerTracing {
  return settings.traces ? tracingHandlers(settings, deps) : NO_TRACING;
}

function tracingHandlers(settings: TelemetrySettings, deps: HandlerTracingDeps): HandlerTracing {
  const maxWaiting = settings.batch.maxQueued;
  const maxOfOne = Math.ceil(maxWaiting / SHARE);
  /** Those whose spans wait, the longest first. */
  const holding = new Set<HandlerScope>();
  let waiting = 0;
  let dropped = 0;
  let manager: ScopeContextManager | null = null;
  let close = async () => {};
  const libraries = createInstrumentations(settings.instrumentations);

  const release = (scope: HandlerScope): readonly SpanRecord[] => {
    const released = scope.waiting;
    if (!holding.delete(scope)) return released;
    waiting -= released.length;
    scope.waiting = [];
    return released;
  };

  /** Of some attempts nobody tells the end, since the store refused it: they must not keep the room for ever. */
  const giveRoom = () => {
    const [longest] = holding;
    if (longest) dropped += release(longest).length;
  };

  const take = (scope: HandlerScope, record: SpanRecord) => {
    if (scope.decision === 'kept') return deps.sink([record]);
    if (scope.decision === 'dropped') return;
    if (scope.waiting.length >= maxOfOne) {
      dropped++;
      return;
    }
    if (waiting >= maxWaiting) giveRoom();
    holding.add(scope);
    scope.waiting.push(record);
    waiting++;
  };

  const start = async () => {
    const propagator = await createPropagator(settings);
    const provider = await createHandlerProvider(settings, take);
    manager = createScopeContextManager(deps.ambient);
    const isOurs = install(provider, manager, propagator);
    if (!isOurs)
      deps.log.warn({}, 'A handler file has set up OpenTelemetry itself: its spans are its own affair.');
    await libraries.start();
    libraries.sendTo(provider);
    close = async () => {
      if (isOurs) uninstall();
      await provider.shutdown();
    };
  };

  const tracing = lifecycle(start, () => close());
  return {
    watch: libraries.start,
    start: tracing.start,
    async stop() {
      await tracing.stop();
      await libraries.stop();
    },
    open: (describe) => new HandlerScope(describe),
    run: (scope, fn) => (manager ? manager.run(scope, fn) : fn()),
    adopt(scope, records) {
      for (const record of records) take(scope, record);
    },
    settle(scope, keep) {
      if (scope.decision !== 'open') return;
      scope.decision = keep ? 'kept' : 'dropped';
      if (scope.waiting.length === 0) return;
      const released = release(scope);
      if (keep) deps.sink(released);
    },
    active: () => activePlace(manager),
    stats: () => ({ waiting, dropped }),
  };
}

function activePlace(manager: ScopeContextManager | null): SpanPlace | null {
  const scope = manager?.scope();
  if (!manager || !scope) return null;
  const inner = trace.getSpanContext(manager.active());
  return inner ? { traceId: inner.traceId, spanId: inner.spanId } : scope.describe().place;
}

async function createPropagator({ propagators }: TelemetrySettings): Promise<TextMapPropagator> {
  const core = await import('@opentelemetry/core');
  return new core.CompositePropagator({
    propagators: [
      ...(propagators.traceContext ? [new core.W3CTraceContextPropagator()] : []),
      ...(propagators.baggage ? [new core.W3CBaggagePropagator()] : []),
    ],
  });
}

/** The API keeps one of each for the process, whoever comes first. */
function install(
  provider: Parameters<typeof trace.setGlobalTracerProvider>[0],
  manager: ScopeContextManager,
  propagator: TextMapPropagator,
): boolean {
  if (!trace.setGlobalTracerProvider(provider)) return false;
  context.setGlobalContextManager(manager);
  propagation.setGlobalPropagator(propagator);
  return true;
}

function uninstall(): void {
  trace.disable();
  context.disable();
  propagation.disable();
}
