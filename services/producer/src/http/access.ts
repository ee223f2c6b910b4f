import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Clock, type Log, MillraceError, type Role } from '@millrace/core';
import type { BearerFailures } from './bearer-failures.ts';
import { type Caller, hasRole } from './caller.ts';
import { isLoopbackHost, loopbackFault } from './loopback.ts';
import type { Tokens } from './tokens.ts';

/** Who may come in, and as whom. */
export interface Access {
  /** True where nobody needs a token, since only this machine reaches the listener. */
  readonly isOpen: boolean;
  /** Lets somebody in who need not say who they are. Throws `forbidden` for what no one may send here. */
  admitAnyone(headers: IncomingHttpHeaders): void;
  /** Tells who asks from `address`. Throws `unauthorized`, `too_many_failures` or `forbidden`. */
  callerOf(headers: IncomingHttpHeaders, address: string): Caller;
  /** Whether who came in with these headers still would. */
  isStillValid(headers: IncomingHttpHeaders): boolean;
}

export interface AccessOptions {
  readonly host: string;
  /** Null: only a loopback listener is allowed. */
  readonly tokens: Tokens | null;
  readonly failures: BearerFailures;
  readonly clock: Clock;
  readonly log: Log;
}

const ANYBODY_HERE: Caller = { name: 'local', role: 'admin' };

/**
 * With tokens every request needs one; without, the listener must be one that only this machine reaches, and
 * whoever is on it is admin. Throws `start_failed` for an open listener without tokens.
 */
export function createAccess(options: AccessOptions): Access {
  const { host, tokens } = options;
  if (tokens) return withTokens(tokens, options);
  if (!isLoopbackHost(host)) {
    throw new MillraceError(
      'start_failed',
      `http.host is "${host}", which others can reach, and there are no tokens. Set MILLRACE_TOKENS_FILE, or listen on 127.0.0.1.`,
    );
  }
  const admitAnyone = (headers: IncomingHttpHeaders) => {
    const fault = loopbackFault(headers);
    if (fault) throw new MillraceError('forbidden', fault);
  };
  return {
    isOpen: true,
    admitAnyone,
    callerOf(headers) {
      admitAnyone(headers);
      return ANYBODY_HERE;
    },
    isStillValid: () => true,
  };
}

function bearerOf({ authorization }: IncomingHttpHeaders): string | null {
  return /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? null;
}

function withTokens(tokens: Tokens, { failures, clock, log }: AccessOptions): Access {
  /** Hashes of tokens that were valid once: their holders are not shut out by others behind the same address. */
  const seen = new Set<string>();
  const fingerprint = (token: string) => createHash('sha256').update(token).digest('base64');

  function judge(token: string | null): Caller {
    if (token === null) {
      throw new MillraceError('unauthorized', 'Send the header "Authorization: Bearer <token>".');
    }
    const holder = tokens.holderOf(token, clock.nowMs());
    if (!holder) throw new MillraceError('unauthorized', 'This token is not known here.');
    if (holder.hasExpired) throw new MillraceError('unauthorized', 'This token has expired.');
    return holder.caller;
  }

  return {
    isOpen: false,
    admitAnyone: () => undefined,
    callerOf(headers, address) {
      const token = bearerOf(headers);
      const print = token === null ? null : fingerprint(token);
      const waitMs = print !== null && seen.has(print) ? 0 : failures.waitMs(address);
      if (waitMs > 0) throw tooManyFailures(waitMs);
      try {
        const caller = judge(token);
        if (print !== null) seen.add(print);
        return caller;
      } catch (error) {
        if (print !== null) seen.delete(print);
        if (failures.count(address))
          log.warn({ address }, 'Unknown tokens from this address are not looked at for now');
        throw error;
      }
    },
    isStillValid(headers) {
      const holder = tokens.holderOf(bearerOf(headers) ?? '', clock.nowMs());
      return holder !== null && !holder.hasExpired;
    },
  };
}

function tooManyFailures(retryAfterMs: number): MillraceError {
  return new MillraceError(
    'too_many_failures',
    `From your address came too many requests without a valid token. Try again in ${retryAfterMs} ms.`,
    { details: { retryAfterMs } },
  );
}

/** Throws `forbidden` when `caller` lacks the role. */
export function assertRole(caller: Caller, needed: Role): void {
  if (hasRole(caller, needed)) return;
  throw new MillraceError('forbidden', `This needs the role ${needed}; your token has ${caller.role}.`);
}
