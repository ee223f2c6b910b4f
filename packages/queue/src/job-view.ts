import type { AttemptView, JobState } from '@millrace/core';
import { provenanceOf } from './job-origin.ts';
import { json } from './stored-json.ts';
import type { StoredJob } from './types/queue.ts';

const OPTION_NAMES: Readonly<Record<string, string>> = { delay: 'delayMs', de: 'deduplication' };
type StoredAttempt = StoredJob['attempts'][number];

/** Ours, and of no interest to a reader. */
const HIDDEN_OPTIONS = new Set(['enqueuedUs', 'lineage', 'tm', 'mo']);

function options(text: string | undefined): Record<string, unknown> {
  const raw = (json(text) ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(raw)
      .filter(([name]) => !HIDDEN_OPTIONS.has(name))
      .map(([name, value]) => [OPTION_NAMES[name] ?? name, name === 'backoff' ? backoff(value) : value]),
  );
}

/** As it was handed in: BullMQ calls the same thing `delay`. */
function backoff(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('delay' in value)) return value;
  const { delay: delayMs, ...rest } = value;
  return { ...rest, delayMs };
}

const ms = (text: string | undefined): number | null => (text === undefined ? null : Number(text));

function pastAttempts(lines: string | undefined): StoredAttempt[] {
  return (lines ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const past = JSON.parse(line) as {
        s?: number;
        w: string;
        a?: number;
        e: number;
        o: string;
        c?: string;
        x?: string;
      };
      return {
        start: past.s ?? 0,
        worker: past.w || null,
        startedAtMs: past.a ?? null,
        endedAtMs: past.e,
        outcome: past.o as AttemptView['outcome'],
        ...(past.c === undefined ? {} : { cause: past.c }),
        ...(past.x === undefined ? {} : { error: past.x }),
      };
    });
}

function lastAttempt(state: StoredJob['state'], fields: Readonly<Record<string, string>>): StoredAttempt[] {
  if (state !== 'active' && state !== 'completed' && state !== 'failed') return [];
  return [
    {
      start: Number(fields.ats ?? 0),
      worker: fields.pb ?? null,
      startedAtMs: ms(fields.processedOn),
      endedAtMs: ms(fields.finishedOn),
      outcome: state === 'active' ? 'running' : state,
      ...(state === 'failed' && fields.failedReason ? { error: fields.failedReason } : {}),
    },
  ];
}

/** A job's hash, as BullMQ stores it, in the API's words. */
export function jobView(
  queue: string,
  id: string,
  state: JobState | 'unknown',
  fields: Readonly<Record<string, string>>,
): StoredJob {
  return {
    id,
    queue,
    name: fields.name ?? '',
    state,
    data: json(fields.data),
    opts: options(fields.opts),
    progress: json(fields.progress),
    result: json(fields.returnvalue),
    // A job that failed before it succeeded keeps the reason; it is told by its attempts.
    error: state === 'completed' ? null : (fields.failedReason ?? null),
    attemptsMade: Number(fields.atm ?? 0),
    attemptsStarted: Number(fields.ats ?? 0),
    createdAtMs: Number(fields.timestamp ?? 0),
    startedAtMs: ms(fields.processedOn),
    finishedAtMs: ms(fields.finishedOn),
    kills: Number(fields.mrKills ?? 0),
    suspect: fields.mrSuspect !== undefined,
    attempts: [...pastAttempts(fields.mrAttempts), ...lastAttempt(state, fields)],
    provenance: provenanceOf(queue, id, fields),
  };
}
