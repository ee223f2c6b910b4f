import { Worker } from 'bullmq';

/**
 * BullMQ's worker under a given id. Its lock tokens are `${id}:${n}`, so a dead start's jobs can be picked out;
 * `createLockManager` is the first moment after the constructor made a random id, and the last before it is used.
 */
export class StartWorker extends Worker {
  protected override createLockManager(): void {
    Object.defineProperty(this, 'id', { value: this.opts.name, writable: false });
    super.createLockManager();
  }
}
