import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { MillraceError } from '@millrace/core';
import type { Idempotency } from '@millrace/queue';

/** The value of Idempotency-Key, or null. Throws `malformed` unless it is 1 to 256 visible ASCII characters. */
export function idempotencyKey(request: IncomingMessage): string | null {
  const { 'idempotency-key': key } = request.headers;
  if (key === undefined) return null;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,256}$/.test(key)) return key;
  throw new MillraceError(
    'malformed',
    'Idempotency-Key must be 1 to 256 visible ASCII characters, without blanks.',
  );
}

/** The key with the hash of what was asked: blanks and line ends between JSON's words make no other request. */
export function idempotencyOf(key: string | null, body: unknown): Idempotency | undefined {
  if (key === null) return undefined;
  return { key, bodyHash: createHash('sha256').update(JSON.stringify(body)).digest('base64url') };
}
