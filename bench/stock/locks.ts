import type { Queue } from './library.ts';

/** Jobs of `queue` whose lock belongs to one of these workers, right now: tokens are "<worker>:<n>" on both sides. */
export async function heldBy(queue: Queue, workers: readonly string[]): Promise<string[]> {
  const client = await queue.backend.client;
  const active = await client.lrange(queue.toKey('active'), 0, -1);
  const tokens = await Promise.all(active.map((job) => client.get(queue.toKey(`${job}:lock`))));
  return active.filter((_, i) => workers.some((id) => tokens[i]?.startsWith(`${id}:`)));
}
