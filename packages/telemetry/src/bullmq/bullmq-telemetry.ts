import {
  type Context,
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  type Link,
  propagation,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import { LINKED } from '../carrier.ts';
import type { TraceShape } from '../context.ts';
import type { BullmqTelemetry } from './contract.ts';
import { markOf } from './mark.ts';
import { operationOf } from './operations.ts';
import { NO_SPAN, operationSpan } from './span.ts';

export interface BullmqTelemetryOptions {
  /** How process spans hang on to what sent them; `auto`: children of a single add, links to everything else. */
  readonly shape?: TraceShape;
}

/**
 * OpenTelemetry for programs that use stock BullMQ beside Millrace: pass it as `telemetry` to a `Queue`, `Worker` or
 * `FlowProducer`. Spans go to whatever provider the program has registered. The metadata is what bullmq-otel and
 * Millrace itself read and write.
 */
export function createBullmqTelemetry({ shape = 'auto' }: BullmqTelemetryOptions = {}): BullmqTelemetry {
  const tracer = trace.getTracer('millrace');
  /** Contexts that jobs carried: whether they are to be linked. */
  const carried = new WeakMap<Context, boolean>();

  /** Whether the process spans of jobs with this context are children of it, linked to it, or both. */
  const shapeFor = (isLinked: boolean) => (shape === 'auto' ? (isLinked ? 'link' : 'parent') : shape);

  return {
    tracer: {
      startSpan(name, _options, parent = context.active()) {
        const operation = operationOf(name);
        if (!operation) return NO_SPAN;
        const sender = trace.getSpanContext(parent);
        const links: Link[] = sender ? [{ context: sender }] : [];
        const alone = trace.deleteSpan(parent);
        if (operation.type === 'process') {
          const isLinked = carried.get(parent);
          // A job that carries nothing is nobody's child, least of all of what happened to start the worker.
          if (isLinked === undefined) return operationSpan(tracer, operation, ROOT_CONTEXT, []);
          const found = shapeFor(isLinked);
          return operationSpan(
            tracer,
            operation,
            found === 'link' ? alone : parent,
            found === 'parent' ? [] : links,
          );
        }
        const isAfterJob = operation.type === 'send' && markOf(parent)?.isProcessing === false;
        return operationSpan(tracer, operation, isAfterJob ? alone : parent, isAfterJob ? links : []);
      },
    },
    contextManager: {
      with: (within, fn) => context.with(within, fn as () => ReturnType<typeof fn>),
      active: () => context.active(),
      root: () => ROOT_CONTEXT,
      getMetadata(within) {
        const headers: Record<string, string> = {};
        propagation.inject(within, headers, defaultTextMapSetter);
        if (markOf(within)?.isBatch) headers[LINKED] = '1';
        return JSON.stringify(headers);
      },
      fromMetadata(active, metadata) {
        const headers = parsed(metadata);
        const found = propagation.extract(trace.deleteSpan(active), headers, defaultTextMapGetter);
        carried.set(found, headers[LINKED] !== undefined);
        return found;
      },
    },
  };
}

function parsed(metadata: string): Record<string, string> {
  try {
    const found: unknown = JSON.parse(metadata);
    return typeof found === 'object' && found !== null ? (found as Record<string, string>) : {};
  } catch {
    return {};
  }
}
