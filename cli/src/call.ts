import type { Clock } from '@millrace/core';
import { parseServerUrl } from './arguments.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';
import { print, printJson, type Terminal } from './terminal.ts';

/** What the process gives to a run of the command line: everything of the outside world. */
export interface Host {
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** MILLRACE_URL and MILLRACE_TOKEN. */
  readonly env: { readonly url: string | undefined; readonly token: string | undefined };
  /** Aborts at the first Ctrl-C: end in good order. */
  readonly signal: AbortSignal;
  /** Aborts at the second Ctrl-C: wait for nothing. */
  readonly abandon: AbortSignal;
  /** Runs the whole platform (`millrace up`) with these arguments until it is stopped; resolves to the exit code. */
  readonly up: (args: readonly string[]) => Promise<number>;
  /** What makes faults on a platform of this machine, loaded only when it is wanted. */
  readonly chaos: () => Promise<Pick<typeof import('@millrace/local'), 'listFaults' | 'makeFault'>>;
}

/** What the action of a verb works with. */
export interface Call {
  readonly http: HttpClient;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly abandon: AbortSignal;
  readonly json: boolean;
  /** Ends the command with exit code 1 after its output, when that already tells why. */
  fail(): void;
}

/** Where the server is unless --url or MILLRACE_URL say otherwise. */
export const DEFAULT_URL = 'http://127.0.0.1:8080';

/** Options that every verb takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly url?: string;
}

/** Builds the {@link Call} of one invocation; throws `usage` when the address is no URL. */
export function createCall(host: Host, options: GlobalOptions, onFail: () => void): Call {
  const { terminal, clock, signal, abandon } = host;
  const url = parseServerUrl(options.url ?? (host.env.url || DEFAULT_URL));
  const http = createHttpClient({ url, token: host.env.token || null, clock, signal });
  return { http, terminal, clock, signal, abandon, json: options.json ?? false, fail: onFail };
}

/** Answers with `document` under --json, else with the text a person reads. */
export function answer(call: Call, document: unknown, text: () => string): void {
  if (call.json) printJson(call.terminal, document);
  else print(call.terminal, text());
}
