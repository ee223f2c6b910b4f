import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode, Role } from '@millrace/core';
import type { z } from 'zod';
import type { RequestTrace } from '../tracing/request-trace.ts';
import type { AuditDetails } from './audit.ts';
import type { Caller } from './caller.ts';
import type { Answer } from './respond.ts';

/** One request on its way through a route; its parts are checked already. */
export interface Call<Params, Query, Body> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly caller: Caller;
  /** Adds to what the audit log tells of this request besides its path's parameters; no payloads. */
  note(details: AuditDetails): void;
  readonly trace: RequestTrace;
  /** The trace of the one job that this request is about: the audit log tells of it. */
  noteTrace(traceId: string): void;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
}

/** One kind of answer, for /openapi.json. */
export interface AnswerSpec {
  readonly text: string;
  readonly schema?: z.ZodType;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Everything about a route: Express, the access check and /openapi.json are made from it. */
export interface Route<Params = unknown, Query = unknown, Body = unknown> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/v1/queues/{queue}`. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  /** The least role that it answers to; `anyone` needs no token, and must tell nothing that one protects. */
  readonly role: Role | 'anyone';
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  /** The JSON body, read and checked before `handle` is called. */
  readonly body?: z.ZodType<Body>;
  /** Bodies that `handle` reads itself, by media type. */
  readonly ownBodies?: Readonly<Record<string, { readonly schema: z.ZodType; readonly text: string }>>;
  readonly requestHeaders?: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  /** The other media type of an answer: one JSON value a line, or an event stream. */
  readonly streamed?: { readonly status: number; readonly type: string; readonly schema: z.ZodType };
  /** What it may refuse with, besides what any route may. */
  readonly errors: readonly ErrorCode[];
  /** Resolves with the answer, or with null when it has written one itself. */
  handle(call: Call<Params, Query, Body>): Promise<Answer | null>;
}

/** Infers a route's types from its schemas, and forgets them: the table of routes holds all kinds. */
export function route<Params = unknown, Query = unknown, Body = unknown>(
  spec: Route<Params, Query, Body>,
): Route {
  return spec as unknown as Route;
}
