import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Clock, isMillraceError, type MillraceError, type NewJob } from '@millrace/core';
import type { AddContext, AddResult, AddTimes, DeadProvenance, Idempotency, Store } from '@millrace/queue';
import type { Metrics } from '../metrics.ts';
import type { KnownQueues } from './known-queues.ts';
import { circuitOpenError, fullError, keyConflict, neverFits } from './refusals.ts';
import { type LineCaller, RetryLine } from './retry-line.ts';

/** Jobs that are in the queue. */
export interface Admitted {
  readonly ids: readonly string[];
  readonly replayed: boolean;
  /** Null: they were there before. */
  readonly times: AddTimes | null;
}

/** The job that a dead letter lives on as. */
export interface Replayed {
  readonly id: string;
  /** False: somebody had replayed it before. */
  readonly isNew: boolean;
}

/** What an add brings besides its jobs. */
export interface AddExtras {
  readonly idempotency?: Idempotency | undefined;
  readonly context?: AddContext | undefined;
}

/** The one way of jobs into a queue. */
export interface Admission {
  /**
   * Adds all of `jobs` or none. Throws `queue_full` with the time until the add would pass, `circuit_open` with the
   * time until the pool is tried, `bulk_exceeds_bound`, `idempotency_conflict` or `store_unavailable`.
   */
  admit(queue: string, jobs: readonly NewJob[], from: LineCaller, extras?: AddExtras): Promise<Admitted>;
  /**
   * Adds a copy of a dead letter, once, and resolves with its id; null when there is no such letter. Throws as `admit`
   * does.
   */
  replay(
    queue: string,
    letter: string,
    from: LineCaller,
    carrierOf?: (dead: DeadProvenance) => string | null,
  ): Promise<Replayed | null>;
  /** Who a request's refusals are counted for. */
  callerOf(request: IncomingMessage, idempotencyKey: string | null): LineCaller;
}

/** A refusal of the store, whatever was to be added. */
type Refusal = Exclude<AddResult, { readonly kind: 'accepted' | 'conflict' }>;

/** What the caller is told of an answer that is no success. */
const FAULTS: Readonly<Record<string, string>> = {
  refused: 'queue_full',
  exceeds_bound: 'bulk_exceeds_bound',
  circuit_open: 'circuit_open',
  conflict: 'idempotency_conflict',
  none: 'not_found',
};

export function createAdmission(
  store: Pick<Store, 'queue'>,
  queues: Pick<KnownQueues, 'used'>,
  clock: Clock,
  metrics: Pick<Metrics, 'admitted' | 'refused' | 'sent'>,
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

  /** Counts a refusal and says what the caller is told. */
  const refuse = (queue: string, jobs: number, from: LineCaller, result: Refusal): MillraceError => {
    switch (result.kind) {
      case 'refused': {
        metrics.refused(queue, 'queue_full');
        const { retryAfterMs: firstMs, drainPerSecond } = result;
        return fullError(queue, result, lineOf(queue).refuse(from, { jobs, firstMs, drainPerSecond }));
      }
      case 'circuit_open':
        metrics.refused(queue, 'circuit_open');
        return circuitOpenError(queue, result.circuit, clock.nowMs());
      case 'exceeds_bound':
        return neverFits(queue, jobs, result);
      default:
        return result satisfies never;
    }
  };
  const passed = (queue: string, from: LineCaller, jobs: number) => {
    lines.get(queue)?.admit(from);
    queues.used(queue);
    if (jobs > 0) metrics.admitted(queue, jobs);
  };

  /** One call to the store that hands it jobs. */
  async function send<T extends { readonly kind: string }>(
    queue: string,
    jobs: number,
    call: () => Promise<T>,
  ): Promise<T> {
    const beganMs = clock.monotonicMs();
    const told = (fault: string | null) =>
      metrics.sent(queue, jobs, (clock.monotonicMs() - beganMs) / 1_000, fault);
    try {
      const result = await call();
      told(FAULTS[result.kind] ?? null);
      return result;
    } catch (error) {
      told(isMillraceError(error) ? error.code : 'internal');
      throw error;
    }
  }

  return {
    callerOf: ({ socket }, key) =>
      key === null ? connectionOf(socket) : { key: `key ${key}`, address: null },
    async admit(queue, jobs, from, { idempotency, context } = {}) {
      const result = await send(queue, jobs.length, () => store.queue(queue).add(jobs, idempotency, context));
      if (result.kind === 'conflict') throw keyConflict();
      if (result.kind !== 'accepted') throw refuse(queue, jobs.length, from, result);
      passed(queue, from, result.replayed ? 0 : jobs.length);
      return { ids: result.ids, replayed: result.replayed, times: result.times };
    },
    async replay(queue, letter, from, carrierOf) {
      const result = await send(queue, 1, () => store.queue(queue).replay(letter, carrierOf));
      if (result.kind === 'none') return null;
      if (result.kind !== 'added') throw refuse(queue, 1, from, result);
      passed(queue, from, result.replayed ? 1 : 0);
      return { id: result.jobId, isNew: result.replayed };
    },
  };
}
