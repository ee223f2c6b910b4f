import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Clock, MillraceError, type NewJob } from '@millrace/core';
import type { AddResult, Idempotency, Store } from '@millrace/queue';
import type { Metrics } from '../metrics.ts';
import type { KnownQueues } from './known-queues.ts';
import { type LineCaller, RetryLine } from './retry-line.ts';

/** Jobs that are in the queue. */
export interface Admitted {
  readonly ids: readonly string[];
  readonly replayed: boolean;
}

/** The one way of jobs into a queue. */
export interface Admission {
  /**
   * Adds all of `jobs` or none. Throws `queue_full` with the time until the add would pass, `bulk_exceeds_bound`,
   * `idempotency_conflict` or `store_unavailable`.
   */
  admit(
    queue: string,
    jobs: readonly NewJob[],
    from: LineCaller,
    idempotency?: Idempotency,
  ): Promise<Admitted>;
  /** Who a request's refusals are counted for. */
  callerOf(request: IncomingMessage, idempotencyKey: string | null): LineCaller;
}

type Refused = AddResult & { kind: 'refused' };

function fullError(queue: string, refused: Refused, retryAfterMs: number): MillraceError {
  const { reason, depth, bound, bytes, maxBytes, drainPerSecond } = refused;
  const what = reason === 'jobs' ? `${depth} of ${bound} jobs` : `${bytes} of ${maxBytes} bytes`;
  return new MillraceError('queue_full', `Queue "${queue}" holds ${what}. Try again in ${retryAfterMs} ms.`, {
    details: { reason, depth, bound, bytes, maxBytes, drainPerSecond, retryAfterMs },
  });
}

function neverFits(
  queue: string,
  jobs: number,
  { bound, maxBytes }: { bound: number; maxBytes: number },
): MillraceError {
  return new MillraceError(
    'bulk_exceeds_bound',
    `${jobs} job(s) can never fit into queue "${queue}", whose bound is ${bound} jobs and ${maxBytes} bytes. Send fewer at once, or stream them as NDJSON.`,
    { details: { bound, maxBytes } },
  );
}

export function createAdmission(
  store: Pick<Store, 'queue'>,
  queues: Pick<KnownQueues, 'used'>,
  clock: Clock,
  metrics: Pick<Metrics, 'admitted' | 'refused'>,
): Admission {
  const lines = new Map<string, RetryLine>();
  const bySocket = new WeakMap<Socket, LineCaller>();

  const lineOf = (queue: string): RetryLine => {
    const line = lines.get(queue) ?? new RetryLine(clock);
    lines.set(queue, line);
    return line;
  };
  const connectionOf = (socket: Socket): LineCaller => {
    const known = bySocket.get(socket);
    if (known) return known;
    const { remoteAddress = '', remotePort = 0 } = socket;
    const caller = { key: `${remoteAddress} ${remotePort}`, address: remoteAddress };
    bySocket.set(socket, caller);
    socket.once('close', () => {
      for (const line of lines.values()) line.abandon(caller);
    });
    return caller;
  };

  return {
    callerOf: ({ socket }, key) =>
      key === null ? connectionOf(socket) : { key: `key ${key}`, address: null },
    async admit(queue, jobs, from, idempotency) {
      const result = await store.queue(queue).add(jobs, idempotency);
      switch (result.kind) {
        case 'accepted':
          lines.get(queue)?.admit(from);
          queues.used(queue);
          if (!result.replayed) metrics.admitted(queue, jobs.length);
          return { ids: result.ids, replayed: result.replayed };
        case 'refused': {
          metrics.refused(queue);
          const { retryAfterMs: firstMs, drainPerSecond } = result;
          const wait = { jobs: jobs.length, firstMs, drainPerSecond };
          throw fullError(queue, result, lineOf(queue).refuse(from, wait));
        }
        case 'exceeds_bound':
          throw neverFits(queue, jobs.length, result);
        case 'conflict':
          throw new MillraceError(
            'idempotency_conflict',
            'This Idempotency-Key came with another body before. Use a new key for a new request.',
          );
        default:
          return result satisfies never;
      }
    },
  };
}
