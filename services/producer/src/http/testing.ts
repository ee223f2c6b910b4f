import { createHash } from 'node:crypto';
import type { Role } from '@millrace/core';

/** SHA-256 of a token, in hex. */
export const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

/** A line of the tokens file. */
export function tokenLine(id: string, role: Role, token: string, expires?: string): string {
  return JSON.stringify({ id, role, sha256: hashOf(token), ...(expires !== undefined && { expires }) });
}
