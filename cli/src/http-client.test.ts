import type { IncomingMessage } from 'node:http';
import { ManualClock, type MillraceError, systemClock } from '@millrace/core';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createHttpClient, path } from './http-client.ts';
import { faultyServers } from './testing/serve.ts';

const { serve, closeAll } = faultyServers(afterEach);
const never = new AbortController().signal;
const anything = z.looseObject({});

function client(url: URL, changes: { token?: string; signal?: AbortSignal; clock?: ManualClock } = {}) {
  const { token = null, signal = never, clock = systemClock } = changes;
  return createHttpClient({ url, token, clock, signal });
}

async function failureOf(promise: Promise<unknown>): Promise<MillraceError> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );
}

describe('an exchange', () => {
  it('sends JSON, the token and the path below the server’s own, and reads the answer', async () => {
    let seen: IncomingMessage | undefined;
    const url = await serve((request, response) => {
      seen = request;
      request.pipe(response);
    });
    url.pathname = '/below';
    const { body } = await client(url, { token: 'secret' }).exchange(`${path('queues', 'a')}?x=1`, anything, {
      method: 'POST',
      body: { name: 'é' },
    });
    expect(body).toEqual({ name: 'é' });
    expect(seen?.url).toBe('/below/v1/queues/a?x=1');
    expect(seen?.headers.authorization).toBe('Bearer secret');
  });

  it('takes the server’s clock where the two differ, and its own where they agree', async () => {
    const url = await serve((_, response) => response.end('{}'));
    const clock = new ManualClock(5_000);
    const { nowMs } = await client(url, { clock }).exchange('/v1/queues', anything);
    expect(Math.abs(nowMs - systemClock.nowMs())).toBeLessThan(60_000);
    const agreeing = new ManualClock(systemClock.nowMs());
    const answer = await client(url, { clock: agreeing }).exchange('/v1/queues', anything);
    expect(answer.nowMs).toBe(agreeing.nowMs());
  });

  it('passes a problem on with its code, faults and other members', async () => {
    const url = await serve((_, response) => {
      const problem = {
        code: 'queue_full',
        detail: 'Full.',
        depth: 9,
        faults: [{ pointer: '/a', message: 'b' }],
      };
      response.writeHead(429, { 'retry-after': '7' }).end(JSON.stringify(problem));
    });
    const error = await failureOf(client(url).exchange('/v1/queues', anything));
    expect(error).toMatchObject({ code: 'queue_full', message: 'Full.' });
    expect(error.details).toMatchObject({ depth: 9, status: 429, retryAfterSeconds: 7 });
  });

  it('keeps the code of a newer server', async () => {
    const url = await serve((_, response) => {
      response.writeHead(418).end(JSON.stringify({ code: 'teapot', title: 'I am one' }));
    });
    const error = await failureOf(client(url).exchange('/v1/queues', anything));
    expect(error).toMatchObject({ code: 'internal', details: { code: 'teapot', status: 418 } });
  });

  it.each([
    [200, '<html>'],
    [200, '{"queues": 7}'],
    [404, 'not here'],
    [502, '{"error":"bad gateway"}'],
  ])('takes %i %s for no Millrace', async (status, body) => {
    const url = await serve((_, response) => response.writeHead(status).end(body));
    const error = await failureOf(
      client(url).exchange('/v1/queues', z.object({ queues: z.array(anything) })),
    );
    expect(error.code).toBe('answer_not_understood');
    expect(error.message).toContain(url.origin);
  });
});

describe('a broken exchange', () => {
  it('says what to run when nothing listens', async () => {
    const url = await serve(() => undefined);
    closeAll();
    const error = await failureOf(client(url).exchange('/v1/queues', anything, { method: 'POST', body: {} }));
    expect(error.code).toBe('server_unreachable');
    expect(error.message).toMatch(/Nothing listens at .*\. Start Millrace with "millrace up"/);
  });

  it('leaves the outcome of a change unknown once it was sent', async () => {
    const url = await serve((request) => request.on('data', () => request.socket.destroy()));
    const error = await failureOf(client(url).exchange('/v1/x', anything, { method: 'POST', body: {} }));
    expect(error.code).toBe('outcome_unknown');
  });

  it('leaves it unknown when the answer breaks off', async () => {
    const url = await serve((_, response) => {
      response.writeHead(202, { 'content-length': '100' }).write('{"id":', () => response.destroy());
    });
    const error = await failureOf(client(url).exchange('/v1/x', anything, { method: 'POST', body: {} }));
    expect(error.code).toBe('outcome_unknown');
  });

  it('is no more than that for a question', async () => {
    const url = await serve((request) => request.socket.destroy());
    expect((await failureOf(client(url).exchange('/v1/x', anything))).code).toBe('server_unreachable');
  });

  it('ends when the server is silent too long, and later for who waits for a result', async () => {
    const clock = new ManualClock();
    const asked = Promise.withResolvers<void>();
    let requests = 0;
    const url = await serve(() => ++requests === 2 && asked.resolve());
    const http = client(url, { clock });
    const quick = failureOf(http.exchange('/v1/x', anything));
    const patient = failureOf(http.exchange('/v1/x', anything, { extraMs: 5_000 }));
    await asked.promise;
    clock.advance(10_000);
    expect((await quick).message).toContain('no answer for 10 s');
    clock.advance(5_000);
    expect((await patient).message).toContain('no answer for 15 s');
  });

  it('ends when the person stops it', async () => {
    const stop = new AbortController();
    const url = await serve(() => stop.abort());
    const error = await failureOf(client(url, { signal: stop.signal }).exchange('/v1/x', anything));
    expect(error.code).toBe('interrupted');
  });
});
