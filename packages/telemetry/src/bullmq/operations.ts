import { SpanKind } from '@opentelemetry/api';

/** What BullMQ calls an operation, as messaging's conventions see it. What is not here is housekeeping: no span. */
export interface Operation {
  readonly type: 'send' | 'process' | 'settle';
  readonly kind: SpanKind;
  /** One call that adds many jobs: they link to it instead of being its children. */
  readonly isBatch: boolean;
}

const send = (isBatch: boolean): Operation => ({ type: 'send', kind: SpanKind.PRODUCER, isBatch });
const SETTLE: Operation = { type: 'settle', kind: SpanKind.CLIENT, isBatch: false };

const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['add', send(false)],
  ['addBulk', send(true)],
  ['addFlow', send(true)],
  ['addBulkFlows', send(true)],
  ['addNode', send(true)],
  ['process', { type: 'process', kind: SpanKind.CONSUMER, isBatch: false }],
  ['complete', SETTLE],
  ['retry', SETTLE],
  ['delay', SETTLE],
  ['fail', SETTLE],
]);

/** From a span's name as BullMQ gives it: the operation, and what it is about. */
export function operationOf(name: string): Operation | undefined {
  const space = name.indexOf(' ');
  return OPERATIONS.get(space < 0 ? name : name.slice(0, space));
}
