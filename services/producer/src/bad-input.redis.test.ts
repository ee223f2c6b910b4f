import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ProducerBench, producerBench, type Reply } from '../../../tests/support/producer.ts';

let bench: ProducerBench;
beforeAll(async () => {
  bench = await producerBench(
    'http: {port: 0, healthPort: 0, bodyMaxBytes: 20000}\nqueues: {work: {}, sums: {}}\njob: {maxBytes: 2000}',
  );
});
afterAll(() => bench.close());

const JOBS = '/v1/queues/work/jobs';
const SUMS = '/v1/queues/sums/jobs';
const good = { name: 'add', data: { a: 1, b: 2 } };

/** Whatever was asked, nothing of it may be in a queue. */
async function expectNothingAdded() {
  for (const queue of ['work', 'sums']) {
    const { depth, counts } = await bench.store.queue(queue).snapshot();
    expect({ queue, depth, active: counts.active }).toEqual({ queue, depth: 0, active: 0 });
  }
}

function expectProblem(reply: Reply, status: number, code: string) {
  expect(reply).toMatchObject({ status, body: { status, code } });
  expect(reply.headers.get('content-type')).toBe('application/problem+json');
  expect(reply.body.detail.length).toBeGreaterThan(10);
}

interface Bad {
  readonly path?: string;
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly status: number;
  readonly code: string;
  readonly pointers?: readonly string[];
}

const invalid = { status: 422, code: 'invalid_data' };
const malformed = { status: 400, code: 'malformed' };
const missing = { status: 404, code: 'not_found' };
const nested = (levels: number) => `{"name":"x","data":${'['.repeat(levels)}${']'.repeat(levels)}}`;

const TABLE: Record<string, Bad> = {
  'truncated JSON': { body: '{"name":"x","data":{', ...malformed },
  'malformed JSON': { body: '{name: x}', ...malformed },
  'an empty body': { body: '', ...malformed },
  'a body that is no object': { body: '[]', ...invalid, pointers: [''] },
  'a body that is null': { body: 'null', ...invalid, pointers: [''] },
  'a job without a name': { body: {}, ...invalid, pointers: ['/name'] },
  'an empty name': { body: { name: '' }, ...invalid, pointers: ['/name'] },
  'a name that is no text': { body: { name: 7 }, ...invalid, pointers: ['/name'] },
  'a very long name': { body: { name: 'x'.repeat(129) }, ...invalid, pointers: ['/name'] },
  'an unknown key': { body: { name: 'x', dat: 1 }, ...invalid, pointers: ['/dat'] },
  'a key that is __proto__': {
    body: '{"name":"x","__proto__":{"a":1}}',
    ...invalid,
    pointers: ['/__proto__'],
  },
  'data nested 10,000 deep': { body: nested(9_000), ...invalid, pointers: [''] },
  'no content type': {
    body: JSON.stringify({ name: 'x' }),
    headers: { 'content-type': '' },
    status: 415,
    code: 'unsupported_media_type',
  },
  'a form': {
    body: 'name=x',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    status: 415,
    code: 'unsupported_media_type',
  },
  'another charset': {
    body: '{"name":"x"}',
    headers: { 'content-type': 'application/json; charset=latin1' },
    status: 415,
    code: 'unsupported_media_type',
  },
  'a compressed body': {
    body: '{"name":"x"}',
    headers: { 'content-encoding': 'gzip' },
    status: 415,
    code: 'unsupported_media_type',
  },
  'an unknown queue': { path: '/v1/queues/wrk/jobs', body: { name: 'x' }, ...missing },
  'an unknown handler': { path: SUMS, body: { name: 'ad' }, ...invalid, pointers: ['/name'] },
  'data that fails the schema': {
    path: SUMS,
    body: { name: 'add', data: { a: '1', b: null } },
    ...invalid,
    pointers: ['/data/a', '/data/b'],
  },
  'data over the limit': {
    body: { name: 'x', data: 'y'.repeat(2_000) },
    status: 413,
    code: 'payload_too_large',
    pointers: ['/data'],
  },
  'data that grows over the limit': {
    body: `{"name":"x","data":[${Array(150).fill('1e20').join(',')}]}`,
    status: 413,
    code: 'payload_too_large',
    pointers: ['/data'],
  },
  'a body over the limit': {
    body: { name: 'x', data: 'y'.repeat(20_000) },
    status: 413,
    code: 'payload_too_large',
  },
  'a bulk without jobs': { body: { jobs: [] }, ...invalid, pointers: ['/jobs'] },
  'a bulk that is no list': { body: { jobs: {} }, ...invalid, pointers: ['/jobs'] },
  'a bulk with more': { body: { jobs: [good], name: 'x' }, ...invalid, pointers: ['/name'] },
  'a bulk with one bad job': {
    path: SUMS,
    body: { jobs: [good, { name: 'add', data: { a: 1 } }, good] },
    ...invalid,
    pointers: ['/jobs/1/data/b'],
  },
  'a bulk with one large job': {
    body: { jobs: [{ name: 'x' }, { name: 'x', data: 'y'.repeat(2_000) }] },
    status: 413,
    code: 'payload_too_large',
    pointers: ['/jobs/1/data'],
  },
  'a bulk of nulls': { body: { jobs: [null, null] }, ...invalid, pointers: ['/jobs/0', '/jobs/1'] },
  'a negative delay': { body: { name: 'x', opts: { delayMs: -1 } }, ...invalid, pointers: ['/opts/delayMs'] },
  'an absurd delay': {
    body: { name: 'x', opts: { delayMs: 1e15 } },
    ...invalid,
    pointers: ['/opts/delayMs'],
  },
  'half a priority': {
    body: { name: 'x', opts: { priority: 0.5 } },
    ...invalid,
    pointers: ['/opts/priority'],
  },
  'no attempts': { body: { name: 'x', opts: { attempts: 0 } }, ...invalid, pointers: ['/opts/attempts'] },
  'an infinite timeout': {
    body: '{"name":"x","opts":{"timeoutMs":1e999}}',
    ...invalid,
    pointers: ['/opts/timeoutMs'],
  },
  'an unknown backoff': {
    body: { name: 'x', opts: { backoff: { type: 'random', delayMs: 1 } } },
    ...invalid,
    pointers: ['/opts/backoff/type'],
  },
  'a deadline that is no time': {
    body: { name: 'x', opts: { deadline: 'soon' } },
    ...invalid,
    pointers: ['/opts/deadline'],
  },
  'a misspelt option': {
    body: { name: 'x', opts: { prioritty: 1 } },
    ...invalid,
    pointers: ['/opts/prioritty'],
  },
  'an empty idempotency key': { body: { name: 'x' }, headers: { 'idempotency-key': '' }, ...malformed },
  'a blank in the idempotency key': {
    body: { name: 'x' },
    headers: { 'idempotency-key': 'a b' },
    ...malformed,
  },
  'a long idempotency key': {
    body: { name: 'x' },
    headers: { 'idempotency-key': 'k'.repeat(257) },
    ...malformed,
  },
  'an idempotency key on a stream': {
    body: '{"name":"x"}',
    headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': 'k' },
    ...malformed,
  },
  'a queue name with a colon': {
    path: '/v1/queues/a:b/jobs',
    body: { name: 'x' },
    ...invalid,
    pointers: ['/queue'],
  },
  'a queue name with a slash': {
    path: '/v1/queues/a%2Fb/jobs',
    body: { name: 'x' },
    ...invalid,
    pointers: ['/queue'],
  },
  'a queue name of dots': {
    path: '/v1/queues/..%2F../jobs',
    body: { name: 'x' },
    ...invalid,
    pointers: ['/queue'],
  },
  'a queue name with a line end': {
    path: '/v1/queues/a%0d%0ab/jobs',
    body: { name: 'x' },
    ...invalid,
    pointers: ['/queue'],
  },
  'a queue name of 65 letters': {
    path: `/v1/queues/${'q'.repeat(65)}/jobs`,
    body: { name: 'x' },
    ...invalid,
    pointers: ['/queue'],
  },
  'a path that is no UTF-8': { path: '/v1/queues/%E0%A4%A/jobs', body: { name: 'x' }, ...malformed },
  'an id that is not there': { method: 'GET', path: `${JOBS}/999`, ...missing },
  'an id that is one of the queue’s keys': { method: 'GET', path: `${JOBS}/meta`, ...missing },
  'an id that is a key of another type': { method: 'GET', path: `${JOBS}/wait`, ...missing },
  'an id with odd characters': { method: 'GET', path: `${JOBS}/%00%ff`, ...malformed },
  'removal of an id that is not there': { method: 'DELETE', path: `${JOBS}/meta`, ...missing },
  'retry of an id that is not there': { method: 'POST', path: `${JOBS}/wait/retry`, ...missing },
  'promotion of an id that is not there': { method: 'POST', path: `${JOBS}/77/promote`, ...missing },
  'an unknown state': { method: 'GET', path: `${JOBS}?state=lost`, ...invalid, pointers: ['/state'] },
  'a foreign cursor': { method: 'GET', path: `${JOBS}?cursor=-1`, ...invalid, pointers: ['/cursor'] },
  'a limit of none': { method: 'GET', path: `${JOBS}?limit=0`, ...invalid, pointers: ['/limit'] },
  'a limit without end': { method: 'GET', path: `${JOBS}?limit=100000`, ...invalid, pointers: ['/limit'] },
  'a misspelt parameter': { method: 'GET', path: `${JOBS}?stat=failed`, ...invalid, pointers: ['/stat'] },
  'a patch of nothing': { method: 'PATCH', path: '/v1/queues/work', body: {}, ...invalid, pointers: [''] },
  'a bound of none': {
    method: 'PATCH',
    path: '/v1/queues/work',
    body: { bound: 0 },
    ...invalid,
    pointers: ['/bound'],
  },
  'a pause that is no yes or no': {
    method: 'PATCH',
    path: '/v1/queues/work',
    body: { paused: 'yes' },
    ...invalid,
    pointers: ['/paused'],
  },
  'a reader with odd characters': {
    method: 'PUT',
    path: '/v1/queues/work/ledger/a%20b',
    ...invalid,
    pointers: ['/reader'],
  },
  'a method that is not taken': {
    method: 'PUT',
    path: JOBS,
    body: {},
    status: 405,
    code: 'method_not_allowed',
  },
  'a path that is not there': { method: 'GET', path: '/v2/queues', ...missing },
};

describe('bad input has its code, a sentence and pointers, and touches no queue', () => {
  test.each(Object.entries(TABLE))(
    '%s',
    async (_, { path, method, body, headers, status, code, pointers }) => {
      const reply = await bench.call(method ?? 'POST', path ?? JOBS, body, headers);
      expectProblem(reply, status, code);
      if (pointers)
        expect(reply.body.faults.map(({ pointer }: { pointer: string }) => pointer)).toEqual(pointers);
      await expectNothingAdded();
    },
  );

  test('suggestions name what was meant', async () => {
    const said = async (path: string, body: object) =>
      JSON.stringify((await bench.call('POST', path, body)).body);
    expect(await said('/v1/queues/wrk/jobs', { name: 'x' })).toContain('did you mean \\"work\\"?');
    expect(await said(SUMS, { name: 'ad' })).toContain('did you mean \\"add\\"?');
    expect(await said(JOBS, { name: 'x', opts: { prioritty: 1 } })).toContain('did you mean \\"priority\\"?');
  });

  test('405 says which methods are taken', async () => {
    const { headers } = await bench.call('PUT', JOBS, {});
    expect(headers.get('allow')).toBe('POST, GET, HEAD, OPTIONS');
    const options = await bench.call('OPTIONS', JOBS);
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, GET, HEAD, OPTIONS']);
    expect((await bench.call('HEAD', '/v1/queues')).status).toBe(200);
  });
});

/** Sends raw bytes and resolves with all that comes back. */
async function raw(text: string, end = true): Promise<string> {
  const socket = connect(bench.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(text);
  if (end) socket.end();
  await once(socket, 'close');
  return answer;
}

const head = (...lines: string[]) =>
  [`POST ${JOBS} HTTP/1.1`, 'Host: localhost', 'Content-Type: application/json', ...lines, '', ''].join(
    '\r\n',
  );

describe('below HTTP’s manners', () => {
  test('what is no HTTP is told so', async () => {
    expect(await raw('HELLO\r\n\r\n')).toMatch(/^HTTP\/1.1 400 .*"code":"malformed"/s);
    expect(await raw(head(`X-Large: ${'x'.repeat(20_000)}`))).toMatch(/^HTTP\/1.1 400 .*over the limit/s);
  });

  test('a client that asks first is refused before it sends a large body', async () => {
    const answer = await raw(
      head('Content-Length: 9000000', 'Expect: 100-continue', 'Connection: close'),
      false,
    );
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(answer).not.toContain('100 Continue');
  });

  test('a client that asks first is told to go on', async () => {
    const answer = await raw(`${head('Content-Length: 2', 'Expect: 100-continue', 'Connection: close')}[]`);
    expect(answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 422 /);
  });

  test('a body over the limit is answered while it still comes', async () => {
    const chunk = `${(1024).toString(16)}\r\n${'x'.repeat(1024)}\r\n`;
    const answer = await raw(`${head('Transfer-Encoding: chunked')}${chunk.repeat(64)}`, false);
    expect(answer).toMatch(/^HTTP\/1.1 413 .*"code":"payload_too_large"/s);
  });

  test('a body that breaks off adds nothing', async () => {
    const job = JSON.stringify({ name: 'x' });
    const brokeOff = /^HTTP\/1.1 400 .*broke off/s;
    expect(await raw(`${head(`Content-Length: ${job.length + 1}`)}${job}`)).toMatch(brokeOff);
    const chunk = `${job.length.toString(16)}\r\n${job}\r\n`;
    expect(await raw(`${head('Transfer-Encoding: chunked')}${chunk}`)).toMatch(brokeOff);
    await expectNothingAdded();
  });
});

/** mulberry32: the same bodies in every run. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const WORDS = [
  'name',
  'data',
  'opts',
  'jobs',
  'add',
  'a',
  'b',
  'delayMs',
  'priority',
  '__proto__',
  'constructor',
  'attempts',
  'backoff',
  '',
];

function randomValue(random: (below: number) => number, depth: number): unknown {
  const kind = random(depth > 0 ? 9 : 6);
  const list = <T>(make: () => T) => Array.from({ length: random(4) }, make);
  if (kind === 0) return null;
  if (kind === 1) return random(2) === 0;
  if (kind === 2) return [0, -1, 1, 0.5, 1e21, -1e-7, 2 ** 53, 2_097_152][random(8)];
  if (kind === 3) return WORDS[random(WORDS.length)];
  if (kind === 4) return String.fromCharCode(...list(() => random(65_536)));
  if (kind === 5) return 'add';
  if (kind === 6) return list(() => randomValue(random, depth - 1));
  return Object.fromEntries(list(() => [WORDS[random(WORDS.length)], randomValue(random, depth - 1)]));
}

/** Nearly right, mostly: rubbish is refused at the first check, near misses reach the last. */
function randomBody(random: (below: number) => number): string {
  const parts: Record<string, unknown> = { name: 'add', data: { a: 1, b: 2 } };
  for (let changes = 1 + random(3); changes > 0; changes--) {
    parts[WORDS[random(4)] as string] = randomValue(random, 4);
  }
  const text = JSON.stringify(random(4) === 0 ? randomValue(random, 5) : parts) ?? '';
  if (random(4) > 0) return text;
  const at = random(text.length + 1);
  return (
    text.slice(0, at) + ['', '\u0000', '"', '{', ']', '\\', '😀', ','][random(8)] + text.slice(at + random(3))
  );
}

test('10,000 random bodies: never a 5xx, and only what was accepted is in the queue', {
  timeout: 120_000,
}, async () => {
  const random = randomOf(42);
  let accepted = 0;
  const seen = new Map<string, number>();
  const send = async () => {
    const ndjson = random(5) === 0;
    const body = randomBody(random);
    const response = await fetch(`${bench.url}${SUMS}`, {
      method: 'POST',
      body,
      headers: { 'content-type': ndjson ? 'application/x-ndjson' : 'application/json' },
    });
    const text = await response.text();
    expect(response.status, body).toBeLessThan(500);
    if (ndjson && response.status === 200) {
      for (const line of text.split('\n').filter((line) => line !== '')) {
        const { status } = JSON.parse(line) as { status: number };
        expect(status, body).toBeLessThan(500);
        if (status === 202) accepted++;
        seen.set(`line ${status}`, (seen.get(`line ${status}`) ?? 0) + 1);
      }
      return;
    }
    const answer = JSON.parse(text) as { ids?: string[]; code?: string };
    if (response.status === 202) accepted += answer.ids?.length ?? 1;
    const kind = `${response.status} ${answer.code ?? ''}`;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
  };
  for (let sent = 0; sent < 10_000; sent += 20) await Promise.all(Array.from({ length: 20 }, send));
  // Else the generator tests nothing.
  expect(accepted).toBeGreaterThan(50);
  expect([...seen.keys()]).toEqual(
    expect.arrayContaining(['400 malformed', '422 invalid_data', '202 ', 'line 422']),
  );
  expect((await bench.store.queue('sums').snapshot()).depth).toBe(accepted);
});
