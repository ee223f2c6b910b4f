import {
  type Context,
  createContextKey,
  createTraceState,
  propagation,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import { parseBaggage } from '../baggage.ts';
import type { SpanPlace, SpanRecord } from '../span-record.ts';

/** Where a handler's own spans hang, and what its calls carry on. */
export interface HandlerContext {
  /** The attempt's `process` span, which will be there if the attempt is kept. */
  readonly place: SpanPlace;
  /** What is known at the start: `cutAtStart` keeps the attempt. Outgoing calls carry it as their sampled flag. */
  readonly isSampled: boolean;
  readonly traceState?: string | undefined;
  readonly baggage?: string | undefined;
}

const SCOPE = createContextKey('millrace.handler');

/** The scope that a context was made in; undefined outside of handlers. */
export function scopeOf(context: Context): HandlerScope | undefined {
  return context.getValue(SCOPE) as HandlerScope | undefined;
}

/**
 * One attempt, as its handler's spans see it: they wait here until the attempt's own decision. Nothing is computed
 * before somebody asks.
 */
export class HandlerScope {
  decision: 'open' | 'kept' | 'dropped' = 'open';
  waiting: SpanRecord[] = [];
  readonly #describe: () => HandlerContext;
  #described: HandlerContext | undefined;
  #context: Context | undefined;

  constructor(describe: () => HandlerContext) {
    this.#describe = describe;
  }

  describe(): HandlerContext {
    this.#described ??= this.#describe();
    return this.#described;
  }

  /** The attempt's context, as OpenTelemetry's API wants it. */
  context(): Context {
    this.#context ??= contextOf(this.describe()).setValue(SCOPE, this);
    return this.#context;
  }
}

function contextOf({ place, isSampled, traceState, baggage }: HandlerContext): Context {
  const inTrace = trace.setSpanContext(ROOT_CONTEXT, {
    ...place,
    traceFlags: isSampled ? 1 : 0,
    ...(traceState && { traceState: createTraceState(traceState) }),
  });
  const members = [...parseBaggage(baggage)];
  if (members.length === 0) return inTrace;
  const entries = Object.fromEntries(members.map(([key, value]) => [key, { value }]));
  return propagation.setBaggage(inTrace, propagation.createBaggage(entries));
}
