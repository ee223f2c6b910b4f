import { Queue } from './library.ts';

/** The stream must hold every event of a drain: a stock queue keeps 10,000. */
export const EVENTS_KEPT = 5_000_000;

/** What a queue's own event stream told of a drain. Times are ms since 1970, by the store's clock. */
export interface QueueEnds {
  /** Completions and failures, in their order; a job that ended twice is in it twice. */
  readonly ends: readonly { readonly job: string; readonly atMs: number }[];
  /** How often jobs were taken. */
  readonly starts: number;
}

/** Streams with their entries: an id, then names and values in turn. */
type Streams = readonly (readonly [
  key: string,
  entries: readonly (readonly [id: string, fields: readonly string[]])[],
])[];

/** Reads a queue's event stream to its end and empties it: the same for both sides, which BullMQ's scripts write for. */
export async function takeEnds(queue: Queue): Promise<QueueEnds> {
  const client = await queue.backend.client;
  const key = queue.toKey('events');
  const answer = (await client.xread([{ key, id: '0-0' }])) as Streams | null;
  await client.del(key);
  const events = (answer?.[0]?.[1] ?? []).map(([id, fields]) => {
    const field = (name: string) => fields[fields.indexOf(name) + 1] ?? '';
    return { event: field('event'), job: field('jobId'), atMs: Number(id.split('-')[0]) };
  });
  return {
    ends: events.filter(({ event }) => event === 'completed' || event === 'failed'),
    starts: events.filter(({ event }) => event === 'active').length,
  };
}

/** Looks at the events of a queue that others work on. */
export function lookAt(name: string, { port, prefix }: { readonly port: number; readonly prefix: string }) {
  const queue = new Queue(name, { connection: { host: '127.0.0.1', port }, prefix, skipMetasUpdate: true });
  queue.on('error', () => undefined);
  return { take: () => takeEnds(queue), close: () => queue.close() };
}
