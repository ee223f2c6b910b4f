import {
  BULLMQ,
  DESTINATION,
  OPERATION_NAME,
  OPERATION_TYPE,
  SERVER_ADDRESS,
  SERVER_PORT,
  SYSTEM,
} from '../semconv.ts';
import type { Attributes, AttributeValue } from '../span-record.ts';

/** What all spans of a process know: the store's address, as `server.address` and `server.port`. */
export interface StoreFacts {
  readonly address: string;
  readonly port: number;
}

/** The attributes of every messaging span; `operation` is both its name and its type. */
export function messagingAttributes(
  operation: 'send' | 'process' | 'settle',
  queue: string,
  store: StoreFacts | null,
): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {
    [SYSTEM]: BULLMQ,
    [OPERATION_NAME]: operation,
    [OPERATION_TYPE]: operation,
    [DESTINATION]: queue,
  };
  if (store) {
    attributes[SERVER_ADDRESS] = store.address;
    attributes[SERVER_PORT] = store.port;
  }
  return attributes;
}

/** Leaves out what is not there. */
export function present(attributes: Readonly<Record<string, AttributeValue | null | undefined>>): Attributes {
  const kept: Record<string, AttributeValue> = {};
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== null && value !== undefined) kept[key] = value;
  }
  return kept;
}
