import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { ManualClock, systemClock } from '@millrace/core';
import { afterEach, describe, expect, it } from 'vitest';
import type { LineResult } from './answers.ts';
import { createHttpClient } from './http-client.ts';
import { textLines } from './ndjson-lines.ts';
import { type Upload, uploadNdjson } from './ndjson-upload.ts';
import { faultyServers } from './testing/serve.ts';

const { serve } = faultyServers(afterEach);
const never = new AbortController().signal;

function clientOf(url: URL) {
  return createHttpClient({ url, token: null, clock: systemClock, signal: never });
}

function job(id: number): string {
  return `${JSON.stringify({ name: 'x', data: { id } })}\n`;
}

function jobs(count: number): string {
  return Array.from({ length: count }, (_, id) => job(id)).join('');
}

/** Starts an upload; `results` fills while it runs. */
function start(url: URL, input: Readable, changes: Partial<Upload> = {}) {
  const results: LineResult[] = [];
  const upload = {
    clock: systemClock,
    route: '/v1/queues/q/jobs',
    input,
    stop: never,
    abandon: never,
    onSent: () => undefined,
    onResult: (result: LineResult) => void results.push(result),
    ...changes,
  };
  return { ended: uploadNdjson(clientOf(url), upload), results };
}

/** Answers each line, and stops after `limit` of them: by then the caller breaks the connection in some way. */
async function answerLines(
  request: IncomingMessage,
  response: ServerResponse,
  limit = Number.MAX_SAFE_INTEGER,
) {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  let line = 0;
  for await (const text of textLines(request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)) {
    JSON.parse(text);
    line++;
    response.write(`${JSON.stringify({ line, status: 202, id: String(line) })}\n`);
    if (line === limit) return;
  }
  response.end();
}

describe('a stream of jobs', () => {
  it('is answered line by line', async () => {
    const url = await serve(answerLines);
    const { ended, results } = start(url, Readable.from([jobs(3)]));
    expect(await ended).toEqual({ linesSent: 3, knownThrough: 3, fault: null });
    expect(results.map(({ id }) => id)).toEqual(['1', '2', '3']);
  });

  it('may be empty', async () => {
    const { ended } = start(await serve(answerLines), Readable.from([]));
    expect(await ended).toEqual({ linesSent: 0, knownThrough: 0, fault: null });
  });

  it('waits in its source while the server does not read', async () => {
    const mayRead = Promise.withResolvers<void>();
    const url = await serve(async (request, response) => {
      await mayRead.promise;
      await answerLines(request, response);
    });
    const total = 4_000;
    let drawn = 0;
    const stalled = Promise.withResolvers<void>();
    const text = `${JSON.stringify({ name: 'x', data: 'y'.repeat(16_000) })}\n`;
    const input = Readable.from(
      (function* () {
        while (drawn < total) {
          drawn++;
          yield text;
        }
      })(),
    );
    let lastDrawn = -1;
    const watch = systemClock.every(50, () => {
      if (drawn > 0 && drawn === lastDrawn) stalled.resolve();
      lastDrawn = drawn;
    });
    const { ended } = start(url, input);
    await stalled.promise;
    watch.cancel();
    expect(drawn).toBeLessThan(total);
    mayRead.resolve();
    expect(await ended).toEqual({ linesSent: total, knownThrough: total, fault: null });
  });

  it('does not leave where the server refuses it, so that the reason always arrives', async () => {
    const refuse: RequestListener = (_, response) => {
      response.writeHead(503, { connection: 'close' });
      response.end(JSON.stringify({ code: 'store_unavailable', detail: 'Away.' }));
    };
    const url = await serve(refuse, { uninvited: refuse });
    const { ended } = start(url, Readable.from([jobs(100_000)]));
    expect(await ended).toMatchObject({ linesSent: 0, fault: { code: 'store_unavailable' } });
  });

  it('leaves uninvited after a while, for the sake of proxies that know no invitation', async () => {
    const clock = new ManualClock();
    const asked = Promise.withResolvers<void>();
    const uninvited: RequestListener = (request, response) => {
      asked.resolve();
      answerLines(request, response);
    };
    const url = await serve(() => undefined, { uninvited });
    const { ended } = start(url, Readable.from([jobs(2)]), { clock });
    await asked.promise;
    clock.advance(1_000);
    expect(await ended).toEqual({ linesSent: 2, knownThrough: 2, fault: null });
  });

  it('cannot be sent where nobody listens', async () => {
    const url = new URL('http://127.0.0.1:1');
    const { ended } = start(url, new PassThrough());
    expect(await ended).toMatchObject({ linesSent: 0, fault: { code: 'server_unreachable' } });
  });
});

describe('a stream that breaks', () => {
  it('tells up to which line results are known, and what else was sent', async () => {
    const url = await serve(async (request, response) => {
      await answerLines(request, response, 5);
      response.socket?.destroySoon();
    });
    const { ended, results } = start(url, Readable.from([jobs(10)]));
    expect(await ended).toMatchObject({ linesSent: 10, knownThrough: 5, fault: { code: 'outcome_unknown' } });
    expect(results).toHaveLength(5);
  });

  it('is not taken for done when the server ends its answer early', async () => {
    const url = await serve(async (request, response) => {
      await answerLines(request, response, 2);
      response.end();
    });
    const input = new PassThrough();
    input.write(jobs(2));
    const { ended } = start(url, input);
    expect(await ended).toMatchObject({ knownThrough: 2, fault: { code: 'outcome_unknown' } });
    expect(input.destroyed).toBe(true);
  });

  it('is told from one whose input cannot be read any further', async () => {
    const url = await serve(answerLines);
    const input = new PassThrough();
    input.write(jobs(2));
    const { ended } = start(url, input, {
      onResult: (result) => void (result.line === 2 && input.destroy(new Error('disk gone'))),
    });
    expect(await ended).toMatchObject({ linesSent: 2, knownThrough: 2, fault: { code: 'usage' } });
  });

  it('does not trust an answer that is none', async () => {
    const url = await serve((_, response) => response.end('{"line": "one"}\n'));
    const { ended } = start(url, Readable.from([jobs(1)]));
    expect(await ended).toMatchObject({ fault: { code: 'answer_not_understood' } });
  });
});

describe('a stream that is stopped', () => {
  it('ends between two lines and still hears what became of those it sent', async () => {
    const stop = new AbortController();
    const received: string[] = [];
    const url = await serve(async (request, response) => {
      request.on('data', (chunk) => received.push(String(chunk)));
      await answerLines(request, response);
    });
    const input = new PassThrough();
    input.write(`${jobs(2)}{"name": "half`);
    const { ended } = start(url, input, {
      stop: stop.signal,
      onResult: (result) => void (result.line === 2 && stop.abort()),
    });
    expect(await ended).toMatchObject({ linesSent: 2, knownThrough: 2, fault: { code: 'interrupted' } });
    expect(received.join('')).toBe(jobs(2));
  });

  it('ends at once when nobody wants to wait', async () => {
    const abandon = new AbortController();
    const asked = Promise.withResolvers<void>();
    const url = await serve(async (request) => {
      await once(request, 'data');
      asked.resolve();
    });
    const { ended } = start(url, Readable.from([jobs(3)]), { abandon: abandon.signal });
    await asked.promise;
    abandon.abort();
    expect(await ended).toMatchObject({ linesSent: 3, knownThrough: 0, fault: { code: 'interrupted' } });
  });
});
