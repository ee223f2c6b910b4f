import { type Clock, isMillraceError, MillraceError, messageOf } from '@millrace/core';
import { type Redis, ReplyError } from 'ioredis';

/** Reply errors that mean the store cannot serve just now, not that we asked wrongly. */
const WEATHER =
  /^(LOADING|MASTERDOWN|READONLY|OOM|MISCONF|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|BUSY|NOAUTH|WRONGPASS)/;

function unavailable(message: string, sent: boolean, cause?: unknown): MillraceError {
  return new MillraceError('store_unavailable', message, { cause, details: { sent, retryAfterMs: 1_000 } });
}

/** The store is away, and nothing was asked of it. */
export const notSent = () =>
  unavailable('The store cannot be reached; nothing was done. Try again shortly.', false);
const UNKNOWN =
  'The store did not answer in time: the outcome is unknown. Retry with your Idempotency-Key to get the first answer.';

/** A reply by which the store says that it cannot serve now, as `store_unavailable`; any other error as it is. */
export function asWeather(error: unknown): unknown {
  if (!(error instanceof ReplyError) || !WEATHER.test(messageOf(error))) return error;
  return unavailable(`The store refuses to work now: ${messageOf(error)}`, false, error);
}

/**
 * Runs `call` with a deadline of its own. Throws `store_unavailable`: `details.sent` false means that nothing was
 * done, true that it may have been.
 */
export async function guardedCall<T>(
  client: Redis,
  clock: Clock,
  deadlineMs: number,
  call: () => Promise<T>,
): Promise<T> {
  if (client.status !== 'ready') throw notSent();
  let expire: (error: unknown) => void = () => undefined;
  const deadline = new Promise<never>((_, reject) => {
    expire = reject;
  });
  const timer = clock.after(deadlineMs, () => expire(unavailable(UNKNOWN, true)));
  try {
    return await Promise.race([call(), deadline]);
  } catch (error) {
    if (isMillraceError(error)) throw error;
    if (error instanceof ReplyError) throw asWeather(error);
    throw unavailable(UNKNOWN, true, error);
  } finally {
    timer.cancel();
  }
}
