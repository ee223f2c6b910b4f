import { createHash, randomBytes } from 'node:crypto';
import type { Role } from '@millrace/core';

/** A line of the tokens file. */
export interface TokenLine {
  readonly id: string;
  readonly role: Role;
  readonly sha256: string;
  /** ISO 8601. */
  readonly expires?: string;
}

/** 256 random bits behind a prefix by which a search for leaked secrets finds them. */
export function newToken(): string {
  return `mr_${randomBytes(32).toString('base64url')}`;
}

/** The line that lets the holder of `token` in. */
export function tokenLine(token: string, whose: Omit<TokenLine, 'sha256'>): TokenLine {
  const { id, role, expires } = whose;
  const sha256 = createHash('sha256').update(token).digest('hex');
  return { id, role, sha256, ...(expires !== undefined && { expires }) };
}
