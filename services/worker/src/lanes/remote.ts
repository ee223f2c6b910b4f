import { isMillraceError, MillraceError, type Outcome } from '@millrace/core';
import type { HandlerContext, SpanRecord } from '@millrace/telemetry';
import type { JobFacts, LaneRun } from './lane.ts';
import { withinLimit } from './result-limit.ts';

/**
 * What a run in a thread or in a process of its own and the worker process say to each other. Plain JSON values,
 * for a process's channel carries nothing else.
 */
export interface RemoteTask {
  readonly file: string;
  readonly job: JobFacts;
  readonly data: unknown;
  /** Where its own spans stand; null: it makes none. */
  readonly trace: HandlerContext | null;
}

/** To a process of its own, which is to show every `beatMs` that its event loop turns. */
export interface IsolatedTask extends RemoteTask {
  readonly beatMs: number;
}

export type ToRemote =
  | { readonly type: 'abort'; readonly reason: WireError }
  /** The answer to a progress or log call. */
  | { readonly type: 'answer'; readonly call: number; readonly error: WireError | null };

export type FromRemote =
  /** The handler begins, with a heap that may grow to so much. */
  | { readonly type: 'started'; readonly heapLimitBytes: number }
  /** Those of the handler's own; before its outcome. */
  | { readonly type: 'spans'; readonly spans: readonly SpanRecord[] }
  | { readonly type: 'progress' | 'log'; readonly call: number; readonly value: unknown };

/** An error on its way between threads or processes: its class is lost, its words and code are not. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly details: object | undefined;
}

export function errorToWire(error: unknown): WireError {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  if (!isMillraceError(error)) return { name, message, stack, code: undefined, details: undefined };
  return { name, message, stack, code: error.code, details: error.details };
}

export function errorFromWire({ name, message, stack, code, details }: WireError): Error {
  const error =
    code === undefined
      ? new Error(message)
      : new MillraceError(code as MillraceError['code'], message, { details: { ...details } });
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** From a process of its own: its last word is the outcome. */
export type FromIsolated =
  | FromRemote
  | { readonly type: 'beat' }
  | { readonly type: 'outcome'; readonly outcome: WireOutcome };

/** A result travels as JSON: that is what the store will hold, and nothing else survives every way between. */
export type WireOutcome =
  | Exclude<Outcome, { kind: 'ok' | 'fail' }>
  | { readonly kind: 'ok'; readonly json: string }
  | { readonly kind: 'fail'; readonly error: WireError; readonly retry: boolean };

export function outcomeToWire(outcome: Outcome): WireOutcome {
  const jsonOnly = withinLimit(outcome, Number.POSITIVE_INFINITY);
  if (jsonOnly.kind === 'ok') return { kind: 'ok', json: JSON.stringify(jsonOnly.value) };
  return jsonOnly.kind === 'fail' ? { ...jsonOnly, error: errorToWire(jsonOnly.error) } : jsonOnly;
}

export function outcomeFromWire(outcome: WireOutcome): Outcome {
  if (outcome.kind === 'ok') return { kind: 'ok', value: JSON.parse(outcome.json) };
  return outcome.kind === 'fail' ? { ...outcome, error: errorFromWire(outcome.error) } : outcome;
}

/** The worker process's half of the talk with one run: passes its calls on, tells it the abort. */
export interface Conversation {
  receive(message: FromRemote): void;
  /** What the far side's heap may grow to; null before the handler began. */
  readonly heapLimitBytes: number | null;
  end(): void;
}

export function converse(run: LaneRun, post: (message: ToRemote) => void): Conversation {
  let heapLimitBytes: number | null = null;
  const onAbort = () => post({ type: 'abort', reason: errorToWire(run.signal.reason) });
  const answer = (call: number, done: Promise<void>) =>
    done.then(
      () => post({ type: 'answer', call, error: null }),
      (error) => post({ type: 'answer', call, error: errorToWire(error) }),
    );
  if (run.signal.aborted) onAbort();
  else run.signal.addEventListener('abort', onAbort, { once: true });
  return {
    receive(message) {
      if (message.type === 'started') {
        heapLimitBytes = message.heapLimitBytes;
        run.started();
      } else if (message.type === 'spans') run.tracing.adopt(message.spans);
      else if (message.type === 'progress') answer(message.call, run.progress(message.value));
      else answer(message.call, run.log(String(message.value)));
    },
    get heapLimitBytes() {
      return heapLimitBytes;
    },
    end: () => run.signal.removeEventListener('abort', onAbort),
  };
}
