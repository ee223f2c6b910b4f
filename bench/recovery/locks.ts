import { Queue } from '../stock/library.ts';
import { heldBy } from '../stock/locks.ts';
import { SHAPE } from './settings.ts';

/** The locks of our queue, read from the store itself. */
export interface Locks {
  /** Jobs that `worker` holds right now. */
  heldBy(worker: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/**
 * Looks at our side with the same eyes as at stock's, so that no word of ours decides what a kill left behind. It
 * only reads: our queue's own settings stay what they are.
 */
export async function openLocks(storeUrl: string, prefix: string): Promise<Locks> {
  const { hostname: host, port } = new URL(storeUrl);
  const connection = { host, port: Number(port) };
  const queue = new Queue(SHAPE.queue, { connection, prefix, skipMetasUpdate: true });
  queue.on('error', () => undefined);
  await queue.waitUntilReady();
  return { heldBy: (worker) => heldBy(queue, [worker]), close: () => queue.close() };
}
