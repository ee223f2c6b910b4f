import type { Handler } from '@millrace/sdk';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { runHandler } from './run-handler.ts';

function setup(over: Partial<Handler> = {}) {
  const run = vi.fn(async ({ data }: { data: unknown }) => data);
  const handler: Handler = {
    queue: 'q',
    name: 'job',
    lane: 'io',
    concurrency: null,
    timeoutMs: null,
    retry: null,
    isolation: 'none',
    compute: null,
    file: '/handlers/job.ts',
    run,
    ...over,
  };
  const context = {
    id: '1',
    signal: new AbortController().signal,
    attempt: 1,
    fence: 1,
    log: async () => undefined,
    alone: () => undefined,
    progress: async () => undefined,
    compute: async () => null as never,
  };
  return { run, ended: (data: unknown) => runHandler(handler, data, context) };
}

test('the handler gets what its schema returned, and its value is the outcome', async () => {
  const { ended } = setup({ input: z.coerce.date() });
  expect(await ended('2026-01-01')).toEqual({ kind: 'ok', value: new Date('2026-01-01') });
});

test('data that does not fit is never run and never retried', async () => {
  const { run, ended } = setup({ input: z.object({ a: z.number() }) });
  expect(await ended({})).toMatchObject({
    kind: 'fail',
    retry: false,
    error: { code: 'invalid_data', message: expect.stringContaining('/a: ') },
  });
  expect(run).not.toHaveBeenCalled();
});

test('what is thrown is a failure', async () => {
  const thrown = new Error('no');
  const { ended } = setup({ run: () => Promise.reject(thrown) });
  expect(await ended(1)).toMatchObject({ kind: 'fail', retry: true, error: thrown });
});
