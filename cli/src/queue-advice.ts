import { isMillraceError, MillraceError, suggest } from '@millrace/core';
import { queuesSchema } from './answers.ts';
import type { Call } from './call.ts';
import { path } from './http-client.ts';

async function knownQueues(call: Call): Promise<readonly string[]> {
  const { body } = await call.http.exchange(path('queues'), queuesSchema);
  return body.queues.map((queue) => queue.name);
}

async function advise(call: Call, name: string, error: MillraceError): Promise<MillraceError> {
  // The refusal is what matters: a second request that fails must not hide it.
  const known = await knownQueues(call).catch(() => [] as readonly string[]);
  // The queue is there, so the refusal was about something in it.
  if (known.length === 0 || known.includes(name)) return error;
  const near = suggest(name, known);
  const advice =
    near === undefined ? `The queues are: ${known.slice(0, 10).join(', ')}.` : `Did you mean "${near}"?`;
  return new MillraceError(error.code, `There is no queue "${name}". ${advice}`, {
    cause: error,
    details: { ...error.details, ...(near === undefined ? {} : { suggestion: near }) },
  });
}

/** Passes `exchange` through; when the server knows no such queue, the error says which one may be meant. */
export async function withQueueAdvice<T>(call: Call, name: string, exchange: Promise<T>): Promise<T> {
  try {
    return await exchange;
  } catch (error) {
    if (!isMillraceError(error, 'not_found') || /did you mean/i.test(error.message)) throw error;
    throw await advise(call, name, error);
  }
}
