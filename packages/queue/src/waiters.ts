import { type Clock, lifecycle } from '@millrace/core';
import type { Redis } from 'ioredis';
import { eventField } from './event-fields.ts';
import { queueKeys } from './keys.ts';
import { RecentOutcomes } from './recent-outcomes.ts';
import type { FinalOutcome, OutcomeReader, OutcomeWaiters } from './types/waiters.ts';

const BLOCK_MS = 1_000;
const AFTER_OUTAGE_MS = 100;
const RECENT_OUTCOMES = 20_000;
const RECENT_CHARS = 32 * 1024 * 1024;

type Waiter = (outcome: FinalOutcome | null) => void;

interface Ended {
  readonly jobId: string;
  readonly outcome: FinalOutcome;
  /** How long the outcome's text was. */
  readonly chars: number;
}

function endOf(fields: readonly string[]): Ended | null {
  const jobId = eventField(fields, 'jobId');
  const event = eventField(fields, 'event');
  if (jobId === undefined) return null;
  if (event === 'completed') {
    const text = eventField(fields, 'returnvalue');
    const outcome = { state: 'completed', result: parse(text), error: null } as const;
    return { jobId, outcome, chars: text?.length ?? 0 };
  }
  if (event === 'failed') {
    const error = eventField(fields, 'failedReason') ?? '';
    return { jobId, outcome: { state: 'failed', result: null, error }, chars: error.length };
  }
  return null;
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? null : JSON.parse(text);
  } catch {
    return text;
  }
}

/** See {@link OutcomeWaiters}: one blocking connection reads the event streams of all queues somebody waits on. */
export function createOutcomeWaiters(options: {
  readonly prefix: string;
  readonly clock: Clock;
  readonly blocking: () => Redis;
  /** The end of a queue's event stream now; throws when the store is away. */
  readonly streamEnd: (eventsKey: string) => Promise<string>;
  /** Reads a job whose outcome may have been missed; null when it has not ended. */
  readonly readOutcome: OutcomeReader;
}): OutcomeWaiters {
  const { prefix, clock } = options;
  const cursors = new Map<string, { queue: string; cursor: string }>();
  const waiting = new Map<string, Set<Waiter>>();
  const recent = new RecentOutcomes(RECENT_OUTCOMES, RECENT_CHARS);
  const stopping = new AbortController();
  let reader: Redis | undefined;
  let loop: Promise<void> | undefined;
  let size = 0;
  const nameOf = (queue: string, jobId: string) => `${queue}\n${jobId}`;

  function deliver(name: string, outcome: FinalOutcome): void {
    for (const waiter of waiting.get(name) ?? []) waiter(outcome);
  }

  /** A trimmed stream may have lost outcomes: every waiter's job is read again. */
  async function readAgain(queue: string): Promise<void> {
    for (const name of [...waiting.keys()]) {
      const [ofQueue, jobId] = name.split('\n') as [string, string];
      if (ofQueue !== queue) continue;
      const outcome = await options.readOutcome(queue, jobId);
      if (outcome) deliver(name, outcome);
    }
  }

  async function readOnce(connection: Redis): Promise<void> {
    const streams = [...cursors.keys()];
    const from = [...cursors.values()].map(({ cursor }) => cursor);
    const reply = await connection.xread('COUNT', 1_000, 'BLOCK', BLOCK_MS, 'STREAMS', ...streams, ...from);
    for (const [stream, entries] of reply ?? []) {
      const position = cursors.get(stream);
      if (!position) continue;
      const gap = await hasGap(connection, stream, position.cursor, entries[0]?.[0]);
      for (const [id, fields] of entries) {
        position.cursor = id;
        const ended = endOf(fields);
        if (!ended) continue;
        const name = nameOf(position.queue, ended.jobId);
        recent.add(name, ended.outcome, ended.chars);
        deliver(name, ended.outcome);
      }
      if (gap) await readAgain(position.queue);
    }
  }

  /** True when the stream's oldest entry is younger than the place we stood at. */
  async function hasGap(
    connection: Redis,
    stream: string,
    cursor: string,
    next: string | undefined,
  ): Promise<boolean> {
    if (cursor === '0-0' || next === undefined) return false;
    const oldest = (await connection.xrange(stream, '-', '+', 'COUNT', 1))[0]?.[0];
    return oldest === next;
  }

  async function readOn(): Promise<void> {
    const connection = options.blocking();
    reader = connection;
    while (!stopping.signal.aborted) {
      try {
        await readOnce(connection);
      } catch {
        if (stopping.signal.aborted) break;
        await clock.sleep(AFTER_OUTAGE_MS, stopping.signal).catch(() => undefined);
        for (const { queue } of cursors.values()) await readAgain(queue).catch(() => undefined);
      }
    }
    connection.disconnect();
  }

  const life = lifecycle(
    async () => undefined,
    async () => {
      stopping.abort();
      reader?.disconnect();
      for (const waiters of waiting.values()) for (const waiter of waiters) waiter(null);
      await loop;
    },
  );

  return {
    ...life,
    get size() {
      return size;
    },
    async watch(queue) {
      const { events } = queueKeys(prefix, queue);
      if (cursors.has(events)) return;
      const cursor = await options.streamEnd(events);
      if (!cursors.has(events)) cursors.set(events, { queue, cursor });
      loop ??= readOn();
    },
    wait(queue, jobId, signal) {
      const name = nameOf(queue, jobId);
      const known = recent.get(name);
      if (known) return Promise.resolve(known);
      if (signal.aborted || stopping.signal.aborted) return Promise.resolve(null);
      size++;
      return new Promise((resolve) => {
        const waiters = waiting.get(name) ?? new Set<Waiter>();
        const finish: Waiter = (outcome) => {
          if (!waiters.delete(finish)) return;
          if (waiters.size === 0) waiting.delete(name);
          signal.removeEventListener('abort', abort);
          size--;
          resolve(outcome);
        };
        const abort = () => finish(null);
        waiters.add(finish);
        waiting.set(name, waiters);
        signal.addEventListener('abort', abort, { once: true });
      });
    },
  };
}
