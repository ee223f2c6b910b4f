import { ERROR_CATALOGUE, type ErrorCode, type Fault, MillraceError } from '@millrace/core';
import { z } from 'zod';
import { printable } from './output/text-width.ts';

/** RFC 9457 as the producer writes it; members we do not know are kept. */
const problemSchema = z.looseObject({
  code: z.string(),
  status: z.number().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
  faults: z.array(z.looseObject({ pointer: z.string(), message: z.string() })).optional(),
});

function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CATALOGUE, code);
}

function parseProblem(text: string): z.infer<typeof problemSchema> | null {
  try {
    return problemSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** The error that a refusing answer stands for: the server's own problem, or that it is no server of ours. */
export function problemFrom(
  status: number,
  text: string,
  retryAfter: string | undefined,
  url: URL,
): MillraceError {
  const problem = parseProblem(text);
  if (problem === null) {
    return new MillraceError(
      'answer_not_understood',
      `${url.origin} answered ${status}, but not like Millrace. Check MILLRACE_URL.`,
      { details: { status } },
    );
  }
  const { code, detail, title, faults, ...members } = problem;
  const message = detail ?? title ?? `The server answered ${status}.`;
  return new MillraceError(isKnown(code) ? code : 'internal', message, {
    details: {
      ...members,
      ...(faults === undefined ? {} : { faults }),
      ...(isKnown(code) ? {} : { code }),
      ...(retryAfter === undefined ? {} : { retryAfterSeconds: Number(retryAfter) }),
      status,
    },
  });
}

/** No connection: says what to run, or what to check. */
export function unreachable(error: unknown, url: URL): MillraceError {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  const reason = error instanceof Error && error.message !== '' ? error.message : code;
  const said =
    {
      ECONNREFUSED: `Nothing listens at ${url.origin}.`,
      ENOTFOUND: `There is no host "${url.hostname}".`,
      EAI_AGAIN: `The name "${url.hostname}" cannot be resolved now.`,
    }[code] ?? `${url.origin} does not answer: ${reason}.`;
  const advice = isLocal(url)
    ? 'Start Millrace with "millrace up" (or "npm start"), or point MILLRACE_URL at a running one.'
    : 'Check MILLRACE_URL and the network.';
  return new MillraceError('server_unreachable', `${said} ${advice}`, {
    cause: error,
    details: { url: url.href },
  });
}

function isLocal(url: URL): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
}

/** What the sentence of an error leaves out: how a person gets on from here. */
function hintFor(error: MillraceError): string | null {
  switch (error.code) {
    case 'unauthorized':
      return 'Put a valid token into MILLRACE_TOKEN.';
    case 'too_many_failures':
      return 'Put a valid token into MILLRACE_TOKEN, and wait.';
    case 'forbidden':
      return 'This needs a token with a higher role in MILLRACE_TOKEN.';
    case 'store_unavailable':
    case 'queue_full': {
      const seconds = error.details.retryAfterSeconds;
      return typeof seconds === 'number' && seconds > 0 ? `Try again in ${seconds} s.` : null;
    }
    case 'circuit_open':
      return 'See "millrace pools".';
    case 'usage':
      return 'See "millrace --help", or "millrace <verb> --help".';
    default:
      return null;
  }
}

function faultLine(fault: Fault): string {
  return `  ${fault.pointer === '' ? '/' : printable(fault.pointer)}: ${printable(fault.message)}`;
}

/** An error for a person: the sentence, each fault, and what to do. */
export function renderProblem(error: MillraceError): string {
  const hint = hintFor(error);
  const sentence = error.message.split('\n').map(printable).join('\n');
  return [
    `millrace: ${sentence}`,
    ...(error.details.faults ?? []).map(faultLine),
    ...(hint === null || sentence.includes(hint) ? [] : [hint]),
  ].join('\n');
}

/** The same error for a program: problem+json as the HTTP API writes it. */
export function problemDocument(error: MillraceError): Record<string, unknown> {
  const { title } = ERROR_CATALOGUE[error.code];
  const type = `urn:millrace:error:${error.code}`;
  return { type, title, status: error.status, code: error.code, detail: error.message, ...error.details };
}
