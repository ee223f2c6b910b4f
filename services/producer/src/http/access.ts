import type { IncomingHttpHeaders } from 'node:http';
import { MillraceError } from '@millrace/core';
import { type Caller, hasRole, type Role } from './caller.ts';
import { isLoopbackHost, loopbackFault } from './loopback.ts';
import type { Tokens } from './tokens.ts';

/** Tells who asks. Throws `unauthorized` or `forbidden`. */
export type Access = (headers: IncomingHttpHeaders) => Caller;

const ANYBODY_HERE: Caller = { name: 'local', role: 'admin' };

/**
 * With tokens every request needs one; without, the listener must be one that only this machine reaches, and
 * whoever is on it is admin. Throws `start_failed` for an open listener without tokens.
 */
export function createAccess(host: string, tokens: Tokens | null): Access {
  if (tokens) return (headers) => bearer(headers, tokens);
  if (!isLoopbackHost(host)) {
    throw new MillraceError(
      'start_failed',
      `http.host is "${host}", which others can reach, and there are no tokens. Set MILLRACE_TOKENS_FILE, or listen on 127.0.0.1.`,
    );
  }
  return (headers) => {
    const fault = loopbackFault(headers);
    if (fault) throw new MillraceError('forbidden', fault);
    return ANYBODY_HERE;
  };
}

function bearer({ authorization }: IncomingHttpHeaders, tokens: Tokens): Caller {
  const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) {
    throw new MillraceError('unauthorized', 'Send the header "Authorization: Bearer <token>".');
  }
  const caller = tokens.holderOf(token);
  if (!caller) throw new MillraceError('unauthorized', 'This token is not known here.');
  return caller;
}

/** Throws `forbidden` when `caller` lacks the role. */
export function assertRole(caller: Caller, needed: Role): void {
  if (hasRole(caller, needed)) return;
  throw new MillraceError('forbidden', `This needs the role ${needed}; your token has ${caller.role}.`);
}
