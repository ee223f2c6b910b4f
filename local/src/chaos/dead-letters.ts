import type { DeadLetter } from '@millrace/core';
import type { Api } from '../demo/api.ts';
import type { Fault } from './fault.ts';
import { CHAOS_QUEUE } from './target.ts';

/** The newest of each queue that are looked at. */
const NEWEST = 100;

/** A job that a fault may have killed for good. */
export interface Victim extends Pick<DeadLetter, 'queue' | 'id' | 'reason'> {
  /** When a process first died of it, ms since 1970; null if none did. */
  readonly firstKillMs: number | null;
}

/**
 * The newest dead letters that a fault may have made: in the queue of the harmful handlers all, in a user's own queues
 * those that killed their processes. What else fails there is the user's own business.
 */
export async function newestVictims(api: Api): Promise<Victim[]> {
  const { queues } = await api.must<{ queues: readonly { readonly name: string }[] }>({
    method: 'GET',
    path: '/v1/queues',
  });
  const pages = await Promise.all(
    queues.map(({ name }) =>
      api.must<{ letters: readonly DeadLetter[] }>({
        method: 'GET',
        path: `/v1/queues/${encodeURIComponent(name)}/dead-letters?limit=${NEWEST}`,
      }),
    ),
  );
  return pages
    .flatMap(({ letters }) => letters)
    .filter(({ queue, reason }) => queue === CHAOS_QUEUE || reason === 'poison')
    .map(({ queue, id, reason, kills }) => ({ queue, id, reason, firstKillMs: kills[0]?.atMs ?? null }));
}

/**
 * Those that are not among the `known` ones, but for jobs that had killed a process before `sinceMs`: what brought those
 * down was there before the fault.
 */
export function newVictims(now: readonly Victim[], known: readonly Victim[], sinceMs: number): Victim[] {
  const nameOf = ({ queue, id }: Victim) => `${queue}/${id}`;
  const before = new Set(known.map(nameOf));
  const isNew = (victim: Victim) => !before.has(nameOf(victim));
  return now.filter((victim) => isNew(victim) && (victim.firstKillMs ?? sinceMs) >= sinceMs);
}

/** What a fault's promise has against the jobs that were killed for good. */
export function victimFaults({ deadLetters }: Pick<Fault, 'deadLetters'>, victims: readonly Victim[]) {
  if (victims.length === deadLetters) return [];
  const which = victims.map(({ queue, id, reason }) => `${queue}/${id} (${reason})`).join(', ');
  return [`${victims.length} jobs were killed for good, not ${deadLetters}: ${which || 'none'}`];
}
