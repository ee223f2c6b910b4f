import { createHash, timingSafeEqual } from 'node:crypto';
import { type Fault, MillraceError, parseTimeMs, ROLES } from '@millrace/core';
import { z } from 'zod';
import type { Caller } from './caller.ts';

const HINT =
  'write {"id":"…","role":"viewer|operator|admin","sha256":"<hex of the token>"}, see "millrace token"';
/** What an empty variable or file hashes to: nobody meant that as a token. */
const NOTHING = createHash('sha256').digest('hex');

const lineSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/, 'must be 1 to 128 printable ASCII characters'),
  role: z.enum(ROLES, `must be one of ${ROLES.join(', ')}`),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, 'must be the 64 hex digits of the token’s SHA-256')
    .refine((hex) => hex.toLowerCase() !== NOTHING, 'is the hash of nothing: the token was empty'),
  expires: z.iso.datetime({ offset: true, error: 'must be a time like 2027-01-31T18:00:00Z' }).optional(),
});

interface Token {
  readonly hash: Buffer;
  readonly caller: Caller;
  /** ms since 1970; null: never. */
  readonly expiresMs: number | null;
}

/** Whom a token belongs to; `hasExpired` when it is nobody's any more. */
export interface Holder {
  readonly caller: Caller;
  readonly hasExpired: boolean;
}

/** The tokens that may be used; the tokens themselves are never known to us, only their hashes. */
export interface Tokens {
  /** Who holds this token at `nowMs`; null when nobody ever did. Takes the same time for every token of the list. */
  holderOf(token: string, nowMs: number): Holder | null;
  /** Why what the file says now is not what is in force; null when it is. */
  readonly fault: string | null;
}

function faultsOf(error: z.ZodError, pointer: string): Fault[] {
  return error.issues.map(({ path, message }) => ({
    pointer: [pointer, ...path.map(String)].join('/'),
    message: path.length > 0 ? message : `${message}; ${HINT}`,
  }));
}

function parseLine(line: string, pointer: string): Token | Fault[] {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    // What the parser says quotes the line, and a line may hold a token that was put here by mistake.
    return [{ pointer, message: `is no JSON; ${HINT}` }];
  }
  const parsed = lineSchema.safeParse(raw);
  if (!parsed.success) return faultsOf(parsed.error, pointer);
  const { id, role, sha256, expires } = parsed.data;
  return {
    hash: Buffer.from(sha256, 'hex'),
    caller: { name: id, role },
    expiresMs: expires === undefined ? null : parseTimeMs(expires),
  };
}

/** Faults between lines: one token is one caller, and one id has one role. */
function conflicts(tokens: readonly { readonly pointer: string; readonly token: Token }[]): Fault[] {
  const roles = new Map<string, string>();
  const hashes = new Map<string, string>();
  return tokens.flatMap(({ pointer, token: { hash, caller } }) => {
    const faults: Fault[] = [];
    const hex = hash.toString('hex');
    const role = roles.get(caller.name);
    const twin = hashes.get(hex);
    if (role !== undefined && role !== caller.role) {
      faults.push({ pointer: `${pointer}/role`, message: `"${caller.name}" is ${role} in a line above` });
    }
    if (twin !== undefined)
      faults.push({ pointer: `${pointer}/sha256`, message: `is the token of ${twin} again` });
    roles.set(caller.name, caller.role);
    hashes.set(hex, pointer);
    return faults;
  });
}

/**
 * Reads the text of the tokens file: a JSON object a line; blank lines and those that begin with `#` are skipped.
 * Throws `config_invalid` with a fault for each bad line, or when there is no token in it.
 */
export function parseTokens(text: string): Tokens {
  const lines = text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), pointer: `/line ${index + 1}` }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
    .map(({ line, pointer }) => ({ pointer, token: parseLine(line, pointer) }));
  const faults = lines.flatMap(({ token }) => (Array.isArray(token) ? token : []));
  const good = lines.filter((line): line is { pointer: string; token: Token } => !Array.isArray(line.token));
  faults.push(...conflicts(good));
  if (lines.length === 0) faults.push({ pointer: '/', message: `there is no token in it; ${HINT}` });
  if (faults.length > 0) {
    const told = faults.map(({ pointer, message }) => `  ${pointer}: ${message}`);
    throw new MillraceError('config_invalid', `The tokens file cannot be used:\n${told.join('\n')}`, {
      details: { faults },
    });
  }
  return listOf(good.map(({ token }) => token));
}

function listOf(tokens: readonly Token[]): Tokens {
  return {
    fault: null,
    holderOf(token, nowMs) {
      const hash = createHash('sha256').update(token).digest();
      let found: Token | null = null;
      // No early end: the time taken tells nothing about which token came close.
      for (const known of tokens) if (timingSafeEqual(hash, known.hash)) found = known;
      if (!found) return null;
      return { caller: found.caller, hasExpired: found.expiresMs !== null && nowMs >= found.expiresMs };
    },
  };
}
