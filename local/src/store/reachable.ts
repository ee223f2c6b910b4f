import { MillraceError, messageOf } from '@millrace/core';
import { askStore } from './resp.ts';

/** How long a store that was named by the user may take to answer. */
const DEADLINE_MS = 5_000;

/** The URL without its password, for people. */
export function publicUrl(url: string): string {
  try {
    const parsed = new URL(url);
    if (parsed.password !== '') parsed.password = '***';
    return parsed.href;
  } catch {
    return url;
  }
}

/**
 * Makes sure that a store which somebody else runs is there and keeps what it is given. Throws `start_failed`
 * or `store_unfit` with a sentence.
 */
export async function checkExternalStore(url: string): Promise<void> {
  const shown = publicUrl(url);
  const remedy =
    'start it, correct MILLRACE_REDIS_URL or redis.url, or unset them and Millrace runs its own.';
  let replies: Awaited<ReturnType<typeof askStore>>;
  try {
    const commands = [['PING'], ['CONFIG', 'GET', 'maxmemory-policy']];
    replies = await askStore(url, commands, AbortSignal.timeout(DEADLINE_MS));
  } catch (error) {
    throw new MillraceError(
      'start_failed',
      `The store at ${shown} does not answer (${messageOf(error)}): ${remedy}`,
    );
  }
  const [ping, policy] = replies;
  if (ping instanceof Error) {
    throw new MillraceError('start_failed', `The store at ${shown} refuses us (${ping.message}): ${remedy}`);
  }
  // Managed stores hide CONFIG; the services check again with what they may ask.
  const name = Array.isArray(policy) ? policy[1] : 'noeviction';
  if (typeof name === 'string' && name !== 'noeviction') {
    throw new MillraceError(
      'store_unfit',
      `The store at ${shown} evicts keys when its memory is full (maxmemory-policy ${name}), which loses jobs: set it to noeviction.`,
    );
  }
}
