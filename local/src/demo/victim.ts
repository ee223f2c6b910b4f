import { victimSlot } from '@millrace/workload';

/** What is known of a worker process when a victim is chosen. */
export interface Candidate {
  readonly id: string;
  readonly slot: number | null;
  readonly pid: number;
  readonly state: string;
}

const UP = ['running', 'suspect'];

/**
 * The worker to kill for a crash drawn on slot `drawn`: the one there, or if that slot is down the next above,
 * cyclically, that is up. Null when all are down. `isAlive` looks at the process itself, since a list is always late.
 */
export function chooseVictim<T extends Candidate>(
  workers: readonly T[],
  drawn: number,
  slots: number,
  isAlive: (pid: number) => boolean,
): T | null {
  const upIn = (slot: number) =>
    workers.find((worker) => worker.slot === slot && UP.includes(worker.state) && isAlive(worker.pid));
  const slot = victimSlot(drawn, slots, (each) => upIn(each) !== undefined);
  return (slot === null ? undefined : upIn(slot)) ?? null;
}
