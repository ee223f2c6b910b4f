import type { DeadLetter } from '@millrace/core';
import type { Api } from '../demo/api.ts';
import type { Fault } from './fault.ts';
import { CHAOS_QUEUE } from './target.ts';

/** The newest of each queue that are looked at. */
const NEWEST = 100;

/** A job that a fault may have killed for good. */
export type Victim = Pick<DeadLetter, 'queue' | 'id' | 'reason'>;

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
    .map(({ queue, id, reason }) => ({ queue, id, reason }));
}

/** Those that are not among the `known` ones. */
export function newVictims(now: readonly Victim[], known: readonly Victim[]): Victim[] {
  const nameOf = ({ queue, id }: Victim) => `${queue}/${id}`;
  const before = new Set(known.map(nameOf));
  return now.filter((victim) => !before.has(nameOf(victim)));
}

/** What a fault's promise has against the jobs that were killed for good. */
export function victimFaults({ deadLetters }: Pick<Fault, 'deadLetters'>, victims: readonly Victim[]) {
  if (victims.length === deadLetters) return [];
  const which = victims.map(({ queue, id, reason }) => `${queue}/${id} (${reason})`).join(', ');
  return [`${victims.length} jobs were killed for good, not ${deadLetters}: ${which || 'none'}`];
}
