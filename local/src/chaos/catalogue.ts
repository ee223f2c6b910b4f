import { clockFaults } from './clock-faults.ts';
import type { Fault } from './fault.ts';
import { handlerFaults, poison } from './handler-faults.ts';
import { producerKill, supervisorKill, supervisorsAway } from './service-faults.ts';
import { storeFull, storeKill, storePause, storeReset } from './store-faults.ts';
import { wireFaults } from './wire-faults.ts';
import { killsInARow, podKill, workerFreeze, workerKill } from './worker-faults.ts';

/** Every fault that can be made on a platform of this machine, in the order of a whole run. */
export const FAULTS: readonly Fault[] = [
  workerKill,
  workerFreeze,
  podKill,
  ...handlerFaults,
  poison,
  storeReset,
  ...wireFaults,
  storeKill,
  storePause,
  storeFull,
  producerKill,
  supervisorKill,
  supervisorsAway,
  ...clockFaults,
  killsInARow,
];
