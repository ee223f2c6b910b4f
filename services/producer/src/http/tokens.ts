import { createHash, timingSafeEqual } from 'node:crypto';
import { type Fault, MillraceError } from '@millrace/core';
import { type Caller, ROLES, type Role } from './caller.ts';

const LINE = /^sha256:([0-9a-f]{64})\s+(\S+)\s+(\S.{0,127})$/i;
const HINT = 'write: sha256:<hex of the token> viewer|operator|admin <name>';

interface Token {
  readonly hash: Buffer;
  readonly caller: Caller;
}

/** The tokens that may be used; the tokens themselves are never known to us, only their hashes. */
export interface Tokens {
  /** Who holds this token; null when nobody does. Takes the same time for every token of the list. */
  holderOf(token: string): Caller | null;
}

function parseLine(line: string, number: number): Token | Fault {
  const pointer = `/line ${number}`;
  const [, hex, role, name] = LINE.exec(line) ?? [];
  if (hex === undefined || role === undefined || name === undefined) return { pointer, message: HINT };
  if (!(ROLES as readonly string[]).includes(role)) {
    return { pointer, message: `"${role}" is no role; ${HINT}` };
  }
  return { hash: Buffer.from(hex, 'hex'), caller: { name: name.trim(), role: role as Role } };
}

/**
 * Reads the text of the tokens file: a line a token, `#` begins a comment line.
 * Throws `config_invalid` with a fault for each bad line, or when there is no token in it.
 */
export function parseTokens(text: string): Tokens {
  const parsed = text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
    .map(({ line, number }) => parseLine(line, number));
  const faults = parsed.filter((entry) => 'pointer' in entry);
  if (parsed.length === 0) faults.push({ pointer: '/', message: `there is no token in it; ${HINT}` });
  if (faults.length > 0) {
    const lines = faults.map(({ pointer, message }) => `  ${pointer}: ${message}`);
    throw new MillraceError('config_invalid', `The tokens file cannot be used:\n${lines.join('\n')}`, {
      details: { faults },
    });
  }
  const tokens = parsed.filter((entry) => 'hash' in entry);
  return {
    holderOf(token) {
      const hash = createHash('sha256').update(token).digest();
      let holder: Caller | null = null;
      // No early end: the time taken tells nothing about which token came close.
      for (const known of tokens) if (timingSafeEqual(hash, known.hash)) holder = known.caller;
      return holder;
    },
  };
}
