import type { Context } from '@opentelemetry/api';

/**
 * BullMQ's telemetry interface as far as we serve it, by its shape: this package knows no BullMQ. Passed to a stock
 * `Queue`, `Worker` or `FlowProducer` as `telemetry`.
 */
export interface BullmqTelemetry {
  readonly tracer: {
    startSpan(name: string, options?: { readonly kind: number }, context?: Context): BullmqSpan;
  };
  readonly contextManager: {
    with<F extends (...args: never[]) => unknown>(context: Context, fn: F): ReturnType<F>;
    active(): Context;
    /** Loops that run for ever begin here, not in the span that happened to start them. */
    root(): Context;
    getMetadata(context: Context): string;
    fromMetadata(active: Context, metadata: string): Context;
  };
}

export interface BullmqSpan {
  setSpanOnContext(context: Context): Context;
  setAttribute(key: string, value: unknown): void;
  setAttributes(attributes: Readonly<Record<string, unknown>>): void;
  addEvent(name: string, attributes?: Readonly<Record<string, unknown>>): void;
  recordException(error: unknown): void;
  end(): void;
}
