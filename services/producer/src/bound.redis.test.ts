import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';
import { until } from '../../../tests/support/queue.ts';

const BOUND = 100;
const SECONDS = 10;
let bench: ProducerBench;
afterEach(() => bench.close());

/** What every client reports: the names of its jobs that were accepted, and the status of every answer. */
interface Report {
  readonly accepted: string[];
  readonly statuses: Map<number, number>;
}

const count = (statuses: Map<number, number>, status: number) =>
  statuses.set(status, (statuses.get(status) ?? 0) + 1);

/** Lines that a stream sends ahead of their results: what is under way at the end must still get in. */
const AHEAD = 200;

/** Sends jobs until the time is up, as fast as the answers come. */
async function singles(name: string, report: Report, isOver: () => boolean, size: number) {
  for (let n = 0; !isOver(); n++) {
    const jobs = Array.from({ length: size }, (_, i) => ({ name: 'job', data: `${name}-${n}-${i}` }));
    const { status, body } = await bench.post('work', size === 1 ? jobs[0] : { jobs });
    count(report.statuses, status);
    if (status === 202) report.accepted.push(...jobs.map(({ data }) => data));
    else expect(body.code).toBe('queue_full');
  }
}

async function stream(name: string, report: Report, isOver: () => boolean) {
  const sending = request(`${bench.url}/v1/queues/work/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  let answered = 0;
  const reading = once(sending, 'response').then(async ([response]) => {
    let rest = '';
    for await (const chunk of response) {
      rest += chunk;
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) {
        const { line, status } = JSON.parse(text) as { line: number; status: number };
        answered = line;
        count(report.statuses, status);
        if (status === 202) report.accepted.push(`${name}-${line}`);
      }
    }
  });
  for (let line = 1; !isOver(); line++) {
    const job = `${JSON.stringify({ name: 'job', data: `${name}-${line}` })}\n`;
    sending.write(job);
    if (line - answered >= AHEAD) await until(() => line - answered < AHEAD || isOver(), 'results', 60_000);
  }
  sending.end();
  await reading;
}

/** Breaks off: within the head, within the body, or after sending all and before the answer. */
async function cutOff(name: string, isOver: () => boolean) {
  for (let n = 0; !isOver(); n++) {
    const body = JSON.stringify({ name: 'job', data: `${name}-${n}` });
    const head = `POST /v1/queues/work/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const text = `${head}${body}`;
    const socket = connect(bench.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const cut = [head.length >> 1, head.length + 5, text.length][n % 3] as number;
    await new Promise((resolve) => socket.write(text.slice(0, cut), resolve));
    socket.resetAndDestroy();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test(`${SECONDS} s, 16 clients, singles, bulks and streams mixed, some cut off: never over the bound, every accepted job once`, {
  timeout: 120_000,
}, async () => {
  bench = await producerBench(`queue: {bound: ${BOUND}}`);
  const runs = new Map<unknown, number>();
  const consumer = bench.queues.consumer({
    concurrency: 8,
    run: async ({ data }) => {
      runs.set(data, (runs.get(data) ?? 0) + 1);
      return { kind: 'ok', value: null };
    },
  });
  await consumer.start();
  let watching = true;
  let highest = 0;
  const watch = (async () => {
    while (watching) highest = Math.max(highest, (await bench.store.queue('work').snapshot()).depth);
  })();

  const endMs = performance.now() + SECONDS * 1000;
  const isOver = () => performance.now() > endMs;
  const report: Report = { accepted: [], statuses: new Map() };
  await Promise.all([
    ...Array.from({ length: 6 }, (_, i) => singles(`single${i}`, report, isOver, 1)),
    ...[2, 10, 60, 100].map((size) => singles(`bulk${size}`, report, isOver, size)),
    ...Array.from({ length: 4 }, (_, i) => stream(`stream${i}`, report, isOver)),
    ...Array.from({ length: 2 }, (_, i) => cutOff(`cut${i}`, isOver)),
  ]);
  watching = false;
  await watch;

  const snapshot = () => bench.store.queue('work').snapshot();
  await until(
    async () => (await snapshot()).depth === 0 && (await snapshot()).counts.active === 0,
    'all ran',
    30_000,
  );
  const { maxDepth } = await snapshot();
  expect(maxDepth).toBeLessThanOrEqual(BOUND);
  expect(highest).toBeLessThanOrEqual(BOUND);
  expect([...report.statuses.keys()].sort()).toEqual([202, 429]);
  // Else it proved nothing.
  expect(maxDepth).toBe(BOUND);
  expect(report.accepted.length).toBeGreaterThan(1_000);
  for (const kind of ['single', 'bulk2', 'stream']) {
    expect(
      report.accepted.some((name) => name.startsWith(kind)),
      kind,
    ).toBe(true);
  }
  expect(report.accepted.filter((name) => runs.get(name) !== 1)).toEqual([]);
  // A client that was cut off does not know: its job runs once, or never was.
  expect([...runs].filter(([, times]) => times !== 1)).toEqual([]);
});
