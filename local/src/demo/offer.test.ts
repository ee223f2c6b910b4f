import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { systemClock } from '@millrace/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApi, DemoFailure } from './api.ts';
import { Collector, type LedgerLine } from './collector.ts';
import { offerAll } from './offer.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** An API whose answers a test decides, call by call. */
let answer: Answer;
let url: string;
let close: () => Promise<unknown>;
beforeEach(async () => {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    answer(request, response, Buffer.concat(chunks).toString());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  close = () => {
    server.closeAllConnections();
    server.close();
    return once(server, 'close');
  };
});
afterEach(() => close());

const json = (response: ServerResponse, status: number, body: unknown) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

const never = new AbortController().signal;
const offer = {
  ...{ run: 'r', queue: 'workload', jobs: 200, producer: 0, producers: 1 },
  onOffer: () => 7_000_001,
  dataOf: (id: number) => ({ id }),
};

it('adds every id exactly once, whatever becomes of the answers', async () => {
  const added = new Map<string, number[]>();
  let calls = 0;
  answer = (request, response, body) => {
    const key = String(request.headers['idempotency-key']);
    // So that spans and lines of a run can be laid over each other, however often a chunk is offered.
    expect(request.headers.baggage).toBe('millrace.run.id=r,millrace.scheduled_us=7000001');
    const ids = (JSON.parse(body) as { jobs: { data: { id: number } }[] }).jobs.map((job) => job.data.id);
    calls += 1;
    if (calls % 5 === 1) return json(response, 429, { code: 'queue_full', retryAfterMs: 3 });
    if (calls % 5 === 2) return json(response, 503, { code: 'store_unavailable' });
    // A key that is known replays its answer; another body under it would be a conflict.
    if (!added.has(key)) added.set(key, ids);
    expect(added.get(key)).toEqual(ids);
    // Committed, and nobody ever hears of it.
    if (calls % 5 === 3) return request.socket.destroy();
    return json(response, 202, { ids: ids.map(String) });
  };
  await offerAll(createApi({ url }, systemClock, never), systemClock, offer, never);
  expect([...added.values()].flat()).toEqual(Array.from({ length: 200 }, (_, id) => id));
});

it('gives up on an answer that no repetition mends, in the API’s own words', async () => {
  answer = (_, response) => json(response, 422, { code: 'invalid_data', detail: 'seed is missing' });
  const offering = offerAll(createApi({ url }, systemClock, never), systemClock, offer, never);
  await expect(offering).rejects.toThrow(
    new DemoFailure('a chunk of jobs was refused: 422 invalid_data seed is missing'),
  );
});

it('stops asking when it is told to', async () => {
  const stop = new AbortController();
  answer = (_, response) => {
    json(response, 429, { retryAfterMs: 60_000 });
    stop.abort(new Error('enough'));
  };
  const api = createApi({ url }, systemClock, stop.signal);
  await expect(offerAll(api, systemClock, offer, stop.signal)).rejects.toThrow('enough');
});

it('reads the ledger once and in order, though answers are lost', async () => {
  const ledger = Array.from({ length: 2_500 }, (_, i) => ({ id: String(i) }) as LedgerLine);
  let calls = 0;
  answer = (request, response) => {
    calls += 1;
    if (request.method === 'PUT') return json(response, 200, { reader: 'r', cursor: '0' });
    if (calls % 2 === 0) return request.socket.destroy();
    const query = new URL(request.url as string, url).searchParams;
    const from = Number(query.get('cursor'));
    const entries = ledger.slice(from, from + Number(query.get('limit')));
    return json(response, 200, { entries, cursor: String(from + entries.length), gap: from >= 2_000 });
  };
  const collector = new Collector(createApi({ url }, systemClock, never), 'workload', 'r');
  await collector.register();
  const seen: string[] = [];
  await collector.drain((entry) => seen.push(entry.id));
  expect(seen).toEqual(ledger.map((entry) => entry.id));
  expect(collector.gap).toBe(true);
});
