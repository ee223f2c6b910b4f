import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { isMillraceError, type JobOptions, MillraceError, messageOf } from '@millrace/core';
import type { z } from 'zod';
import { enqueuedSchema } from '../answers.ts';
import { usage } from '../arguments.ts';
import type { Call } from '../call.ts';
import { path } from '../http-client.ts';
import { parseJson } from '../json-input.ts';
import { printable } from '../output/text-width.ts';
import { duration } from '../output/units.ts';
import { withQueueAdvice } from '../queue-advice.ts';
import { note, print, printJson } from '../terminal.ts';

/** One job as the command line describes it. */
export interface OneJob {
  readonly name: string;
  /** JSON, `@FILE` or `-`; null means `{}`. */
  readonly data: string | null;
  readonly opts: JobOptions;
  readonly key: string | null;
  readonly waitMs: number | null;
}

async function readStdin(call: Call): Promise<string> {
  const { input } = call.terminal;
  const close = () => input.destroy();
  call.signal.addEventListener('abort', close, { once: true });
  try {
    return (await buffer(input)).toString('utf8');
  } catch (error) {
    if (call.signal.aborted) throw new MillraceError('interrupted', 'Nothing was handed in.');
    throw usage(`stdin cannot be read: ${messageOf(error)}`);
  }
}

async function readData(call: Call, source: string): Promise<unknown> {
  if (source === '-') return parseJson(await readStdin(call), 'stdin');
  if (!source.startsWith('@')) return parseJson(source, 'the data');
  const file = source.slice(1);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw usage(`"${file}" cannot be read: ${messageOf(error)}`);
  });
  return parseJson(text, file);
}

/** A lost answer leaves a person with one question: is it safe to try again? */
function adviseAfterLoss(error: unknown, queue: string, key: string | null): unknown {
  if (!isMillraceError(error, 'outcome_unknown')) return error;
  const advice =
    key === null
      ? `The job may be in ${queue}: look with "millrace jobs ${queue}" before you repeat it; with --key a repeat is safe.`
      : `The job may be in ${queue}: repeat the command with the same --key ${key}, it adds nothing twice.`;
  return new MillraceError('outcome_unknown', `The answer was lost after sending. ${advice}`, {
    cause: error,
    details: error.details,
  });
}

function headersOf(job: OneJob): Record<string, string> {
  return {
    ...(job.key === null ? {} : { 'idempotency-key': job.key }),
    ...(job.waitMs === null ? {} : { prefer: `wait=${Math.ceil(job.waitMs / 1000)}` }),
  };
}

type Enqueued = z.infer<typeof enqueuedSchema>;

/** Tells what became of it; a job that failed, or that is not over yet though waited for, ends with exit code 1. */
function report(call: Call, queue: string, job: OneJob, status: number, answer: Enqueued): void {
  const { terminal } = call;
  const isOver = status === 200 && (answer.state === 'completed' || answer.state === 'failed');
  if ((job.waitMs !== null && !isOver) || answer.state === 'failed') call.fail();
  if (call.json) printJson(terminal, answer);
  else reportInWords(call, queue, job, isOver, answer);
}

function reportInWords(call: Call, queue: string, job: OneJob, isOver: boolean, answer: Enqueued): void {
  const { terminal } = call;
  if (!isOver) print(terminal, answer.id);
  else if (answer.state === 'completed') print(terminal, JSON.stringify(answer.result) ?? 'null');
  else note(terminal, `millrace: job ${answer.id} failed: ${printable(errorText(answer.error))}`);
  if (job.waitMs !== null && !isOver) {
    note(
      terminal,
      `Not over within ${duration(job.waitMs)}: look with "millrace job ${queue} ${answer.id}".`,
    );
  } else if (!isOver && terminal.isInteractive.output) {
    note(terminal, `Accepted by ${queue}. Look: millrace job ${queue} ${answer.id}`);
  }
}

function errorText(error: unknown): string {
  return typeof error === 'string' ? error : (JSON.stringify(error) ?? 'no reason given');
}

/** Hands in one job and tells its id; with a wait, its result. */
export async function enqueueOne(call: Call, queue: string, job: OneJob): Promise<void> {
  const data = job.data === null ? {} : await readData(call, job.data);
  const exchange = call.http.exchange(path('queues', queue, 'jobs'), enqueuedSchema, {
    method: 'POST',
    body: { name: job.name, data, opts: job.opts },
    headers: headersOf(job),
    extraMs: job.waitMs ?? 0,
  });
  const answered = withQueueAdvice(call, queue, exchange).catch((error: unknown) => {
    throw adviseAfterLoss(error, queue, job.key);
  });
  const { status, body } = await answered;
  report(call, queue, job, status, body);
}
