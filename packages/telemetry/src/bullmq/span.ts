import {
  type Attributes,
  type Context,
  type Link,
  type Span,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import {
  BATCH_COUNT,
  BULLMQ,
  CLIENT_ID,
  DESTINATION,
  ERROR_TYPE,
  JOB_NAME,
  MESSAGE_ID,
  OPERATION_NAME,
  OPERATION_TYPE,
  SYSTEM,
} from '../semconv.ts';
import type { BullmqSpan } from './contract.ts';
import { markOf, withMark } from './mark.ts';
import type { Operation } from './operations.ts';

/** BullMQ's attributes that say something a user may see, under the conventions' names. No payload is among them. */
const NAMES: Readonly<Record<string, string>> = {
  'bullmq.job.id': MESSAGE_ID,
  'bullmq.job.name': JOB_NAME,
  'bullmq.job.bulk.count': BATCH_COUNT,
  'bullmq.job.attempts.made': 'bullmq.job.attempts.made',
  'bullmq.worker.id': CLIENT_ID,
  'bullmq.job.scheduler.id': 'bullmq.job.scheduler.id',
};
const QUEUE_NAME = 'bullmq.queue.name';
const FAILED = 'job failed';
const FAILED_REASON = 'bullmq.job.failed.reason';
/** The conventions' word for an error whose class is not known: the interface tells only the message. */
const OTHER = '_OTHER';

/** What is dropped leaves no trace, and its children hang where it would have hung. */
export const NO_SPAN: BullmqSpan = {
  setSpanOnContext: (context) => context,
  setAttribute() {},
  setAttributes() {},
  addEvent() {},
  recordException() {},
  end() {},
};

function translated(attributes: Readonly<Record<string, unknown>>): Attributes {
  const known: Attributes = {};
  for (const [key, value] of Object.entries(attributes)) {
    const name = NAMES[key];
    if (name && (typeof value === 'string' || typeof value === 'number')) known[name] = value;
  }
  return known;
}

/**
 * A span of one operation. It begins with the first attributes, which BullMQ sets in the same breath and which name the
 * queue: so its name and attributes are there at its creation, where samplers look.
 */
export function operationSpan(
  tracer: Tracer,
  operation: Operation,
  parent: Context,
  links: readonly Link[],
): BullmqSpan {
  let span: Span | undefined;

  const begin = (queue: string, attributes: Attributes = {}): Span => {
    span ??= tracer.startSpan(
      queue ? `${operation.type} ${queue}` : operation.type,
      {
        kind: operation.kind,
        links: [...links],
        attributes: {
          [SYSTEM]: BULLMQ,
          [OPERATION_NAME]: operation.type,
          [OPERATION_TYPE]: operation.type,
          ...(queue && { [DESTINATION]: queue }),
          ...attributes,
        },
      },
      parent,
    );
    return span;
  };

  const fail = (type: string, message: string) => {
    begin('').setStatus({ code: SpanStatusCode.ERROR, message }).setAttribute(ERROR_TYPE, type);
  };

  return {
    setSpanOnContext(context) {
      const { isBatch, type } = operation;
      return withMark(trace.setSpan(context, begin('')), {
        isBatch,
        ...(type === 'process' && { isProcessing: true }),
      });
    },
    setAttribute(key, value) {
      begin('').setAttributes(translated({ [key]: value }));
    },
    setAttributes(attributes) {
      const known = translated(attributes);
      if (span) span.setAttributes(known);
      else begin(String(attributes[QUEUE_NAME] ?? ''), known);
    },
    addEvent(name, attributes = {}) {
      // What a job answered is its user's; that it failed is ours to tell.
      if (name === FAILED) fail(OTHER, String(attributes[FAILED_REASON] ?? ''));
    },
    recordException(error) {
      const known = error instanceof Error ? error : new Error(String(error));
      begin('').recordException(known);
      fail(known.name, known.message);
    },
    end() {
      begin('').end();
      const mark = markOf(parent);
      if (operation.type === 'settle' && mark?.isProcessing) mark.isProcessing = false;
    },
  };
}
