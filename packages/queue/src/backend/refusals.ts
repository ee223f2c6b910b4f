import { isMillraceError, MillraceError } from '@millrace/core';
import type { BackendIdentity } from './identity.ts';

/** Codes of lua/accounts.lua and lua/scripts; BullMQ's own are between -1 and -20. */
const FENCED = -77;
const LOCK_LOST = -78;
const NOT_FENCED = -79;

/** Turns a refusal of our scripts into an error; passes every other reply on. */
export function throwIfRefused<T>(reply: T): T {
  const code: unknown = reply;
  if (code === FENCED)
    throw new MillraceError('fenced', 'the store refuses this start: it was declared dead');
  if (code === LOCK_LOST) throw new MillraceError('lock_lost', 'another start owns this job now');
  if (code === NOT_FENCED)
    throw new MillraceError('wrong_state', 'a start must be fenced before its jobs are reclaimed');
  return reply;
}

/** The same for a worker's start, which is told when it is fenced. */
export function heard<T>(identity: Pick<BackendIdentity, 'fenced'>, reply: T): T {
  try {
    return throwIfRefused(reply);
  } catch (error) {
    if (isMillraceError(error, 'fenced')) identity.fenced();
    throw error;
  }
}
