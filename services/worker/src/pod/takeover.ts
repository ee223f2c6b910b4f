import type { ProcessActivity } from '../ipc.ts';
import type { Census } from './census.ts';
import type { PodState } from './pod-state.ts';

/** About as long as orphans take to start elsewhere. */
const UNHURRIED_MS = 60;

/**
 * How long a standby waits before it takes a dead process's slot, in ms. Beginning to take jobs costs it 25 ms of
 * processor (measured), at the very moment at which the kernel tears the dead one down and the orphans are to start
 * on the living. While those have room for all of them it lets them go first; else its slots are what is waited for.
 *
 * `dead` and `living` are what the processes told of themselves last, at most a beat ago.
 */
export function takeoverWaitMs(dead: ProcessActivity | null, living: readonly ProcessActivity[]): number {
  if (dead === null) return 0;
  const roomFor = (name: string) => {
    const queues = living.flatMap(({ queues }) => queues.filter(({ queue }) => queue === name));
    return queues.reduce((room, { slots, busy }) => room + slots - busy, 0);
  };
  // Twice the room: what was told may have changed since.
  const hasRoom = dead.queues.every(({ queue, busy }) => roomFor(queue) >= 2 * busy);
  return living.length > 0 && hasRoom ? UNHURRIED_MS : 0;
}

/** The same for `slot` of a pod: nobody waits where nobody died. */
export function takeoverWaitOf({ children, mourned }: PodState, census: Census, slot: number): number {
  if (mourned.length === 0) return 0;
  const told = census.active();
  const holders = new Set(children.filter(({ mode }) => mode === 'active').map(({ id }) => id));
  const dead = told.find((one) => one.slot === slot)?.activity ?? null;
  const living = told.filter((one) => one.slot !== slot && holders.has(one.id));
  return takeoverWaitMs(
    dead,
    living.map(({ activity }) => activity),
  );
}
