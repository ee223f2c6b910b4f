import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** Queue names go into keys, URLs, metrics and client names: letters, digits, `-`, `_`, `.`; at most 64. */
export const queueNameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'must be 1 to 64 letters, digits, "-", "_" or ".", not starting with a sign',
  );

/**
 * A new start id: `<pod>.<16 hex>`. Never reused, never a host or pod name alone, and free of ":" and blanks,
 * since it is the first part of lock tokens (`<start>:<n>`) and of connection names in CLIENT LIST.
 */
export function newStartId(pod: string): string {
  return `${pod}.${randomBytes(8).toString('hex')}`;
}

/** Whether `text` is made like a start id; ids of stock BullMQ workers (UUIDs) are not. */
export function isStartId(text: string): boolean {
  return /^[^:\s]+\.[0-9a-f]{16}$/.test(text);
}

/** The pod in a start id. */
export function podOfStart(startId: string): string {
  return startId.slice(0, startId.lastIndexOf('.'));
}
