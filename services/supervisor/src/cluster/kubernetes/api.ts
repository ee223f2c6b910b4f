import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { type Clock, messageOf } from '@millrace/core';
import type { ApiMeter } from './api-meter.ts';
import type { Credentials } from './credentials.ts';

/** No call may take longer: a hung one must not hold up what comes after it. */
export const CALL_DEADLINE_MS = 5_000;
/** Longest line of a watch: an object of etcd has 1.5 MiB at most. */
const MAX_LINE_CHARS = 4 * 1024 * 1024;

export type Verb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What the API server said no to, or that it said nothing at all: `status` 0. */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
  }
}

/** Whether `error` is the API server's answer with that status. */
export function isStatus(error: unknown, ...statuses: readonly number[]): boolean {
  return error instanceof ApiError && statuses.includes(error.status);
}

export interface CallOptions {
  readonly body?: unknown;
  /** Of a PATCH: a merge patch, RFC 7386, unless told otherwise. */
  readonly contentType?: string;
}

/** The API server, as far as we need it. */
export interface KubernetesApi {
  readonly namespace: string;
  /** Resolves with the object in the answer. Throws {@link ApiError}, after 5 s at the latest. */
  call(verb: Verb, path: string, options?: CallOptions): Promise<unknown>;
  /**
   * Reads lines of JSON until the server closes, which resolves, or anything fails, which rejects. `onOpen` tells that
   * the server accepted: then there is no deadline any more.
   */
  stream(
    path: string,
    on: { readonly open: () => void; readonly line: (value: unknown) => void },
    signal: AbortSignal,
  ): Promise<void>;
  close(): void;
}

interface Status {
  readonly reason?: string;
  readonly message?: string;
}

function errorOf(status: number, body: string): ApiError {
  let said: Status = {};
  try {
    said = JSON.parse(body) as Status;
  } catch {
    // A proxy in between may answer with anything.
  }
  return new ApiError(status, said.reason ?? 'Unknown', said.message ?? `the API server answered ${status}`);
}

/** Plain HTTP against the API server: JSON in and out, one keep-alive agent, a deadline on everything. */
export function createApi(credentials: Credentials, clock: Clock, meter: ApiMeter): KubernetesApi {
  const { server, namespace, ca, cert, key } = credentials;
  const agent = new Agent({ keepAlive: true, keepAliveMsecs: 10_000, ca, cert, key });
  /** Watches live on connections of their own: nothing queues behind them. */
  const streamAgent = new Agent({ keepAlive: false, ca, cert, key });

  function options(verb: Verb, path: string, extra: Record<string, string>): RequestOptions {
    const token = credentials.token();
    return {
      method: verb,
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port || 443,
      path: `${server.pathname.replace(/\/$/, '')}${path}`,
      headers: {
        accept: 'application/json',
        'user-agent': 'millrace-supervisor',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...extra,
      },
    };
  }

  /** Resolves with the head of the answer; its body is the caller's. */
  function send(
    sent: RequestOptions,
    body: string | undefined,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const call = request({ ...sent, signal }, resolve);
      call.on('error', reject);
      call.end(body);
    });
  }

  function failure(error: unknown, limit: AbortController): ApiError {
    if (error instanceof ApiError) return error;
    const why = limit.signal.aborted ? `no answer within ${CALL_DEADLINE_MS} ms` : messageOf(error);
    return new ApiError(0, 'Unreachable', `The API server cannot be reached: ${why}`, error);
  }

  return {
    namespace,
    async call(verb, path, { body, contentType } = {}) {
      const startedMs = clock.monotonicMs();
      const limit = new AbortController();
      const timer = clock.after(CALL_DEADLINE_MS, () => limit.abort());
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const type = contentType ?? (verb === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
      const headers =
        payload === undefined
          ? {}
          : { 'content-type': type, 'content-length': String(Buffer.byteLength(payload)) };
      let status = 0;
      try {
        const answer = await send({ ...options(verb, path, headers), agent }, payload, limit.signal);
        status = answer.statusCode ?? 0;
        const said = await text(answer);
        meter.answered(clock.monotonicMs());
        if (status >= 300) throw errorOf(status, said);
        return said === '' ? null : (JSON.parse(said) as unknown);
      } catch (error) {
        throw failure(error, limit);
      } finally {
        timer.cancel();
        meter.called(verb, status, clock.monotonicMs() - startedMs);
      }
    },
    async stream(path, on, signal) {
      const limit = new AbortController();
      const timer = clock.after(CALL_DEADLINE_MS, () => limit.abort());
      const either = AbortSignal.any([signal, limit.signal]);
      try {
        const answer = await send({ ...options('GET', path, {}), agent: streamAgent }, undefined, either);
        meter.called('WATCH', answer.statusCode ?? 0, 0);
        meter.answered(clock.monotonicMs());
        if (answer.statusCode !== 200) throw errorOf(answer.statusCode ?? 0, await text(answer));
        timer.cancel();
        on.open();
        await readLines(answer, (line) => {
          meter.answered(clock.monotonicMs());
          on.line(JSON.parse(line));
        });
      } catch (error) {
        throw failure(error, limit);
      } finally {
        timer.cancel();
      }
    },
    close() {
      agent.destroy();
      streamAgent.destroy();
    },
  };
}

async function readLines(stream: IncomingMessage, onLine: (line: string) => void): Promise<void> {
  let rest = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_CHARS) throw new Error('a line of the watch has no end');
    for (const line of lines) if (line !== '') onLine(line);
  }
}
