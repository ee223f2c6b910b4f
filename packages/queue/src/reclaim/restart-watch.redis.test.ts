import { systemClock } from '@millrace/core';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../../../../tests/support/queue.ts';
import { testStore, uniquePrefix } from '../../../../tests/support/store.ts';
import { queueKeys } from '../keys.ts';
import { RestartWatch } from './restart-watch.ts';

let redis: Redis;
let prefix: string;
let watch: RestartWatch;
const readers: Redis[] = [];
const never = () => new AbortController().signal;

beforeEach(() => {
  prefix = uniquePrefix();
  redis = new Redis(testStore().url);
  watch = new RestartWatch(prefix, systemClock, () => {
    const reader = new Redis(testStore().url, { maxRetriesPerRequest: null });
    readers.push(reader);
    return reader;
  });
});
afterEach(() => {
  for (const each of [redis, ...readers.splice(0)]) each.disconnect();
});

const starts = (jobId: string, queue = 'work') =>
  redis.xadd(queueKeys(prefix, queue).events, '*', 'event', 'active', 'jobId', jobId, 'prev', 'waiting');

test('200 who wait share one connection, and each is told of its own', async () => {
  const waits = Array.from({ length: 200 }, (_, at) => watch.restarts('work', [`${at}`], '0-0', never()));
  for (let at = 0; at < 200; at++) await starts(`${at}`);
  const seen = await Promise.all(waits);
  expect(seen.map((times) => [...times.keys()])).toEqual(waits.map((_, at) => [`${at}`]));
  expect(readers).toHaveLength(1);
  await until(() => readers[0]?.status === 'end', 'the connection goes with the last who waits');
});

test('who comes later and looks further back sees what was before, and nobody is told of what lies before its time', async () => {
  const first = (await starts('a')) ?? '';
  const late = watch.restarts('work', ['a', 'b'], first, AbortSignal.timeout(1_000));
  const early = watch.restarts('work', ['a'], '0-0', never());
  expect([...(await early)].map(([id, atMs]) => `${id} ${atMs}`)).toEqual([`a ${first.split('-')[0]}`]);
  const another = watch.restarts('work', ['a'], '0-0', never());
  expect([...(await another).keys()]).toEqual(['a']);
  await starts('b');
  expect([...(await late).keys()]).toEqual(['b']);
});

test('who gives up is told what was seen; the others go on', async () => {
  const limit = new AbortController();
  const one = watch.restarts('work', ['a', 'b'], '0-0', limit.signal);
  const other = watch.restarts('work', ['a', 'b'], '0-0', never());
  await starts('a');
  const probe = watch.restarts('work', ['a'], '0-0', never());
  await probe;
  limit.abort();
  expect([...(await one).keys()]).toEqual(['a']);
  await starts('b');
  expect([...(await other).keys()]).toEqual(['a', 'b']);
});

test('a job that is dead-lettered or removed instead keeps nobody waiting', async () => {
  const wait = watch.restarts('work', ['a', 'b'], '0-0', never());
  for (const [event, jobId] of [
    ['waiting', 'a'],
    ['failed', 'a'],
    ['removed', 'b'],
  ] as const) {
    await redis.xadd(queueKeys(prefix, 'work').events, '*', 'event', event, 'jobId', jobId);
  }
  expect([...(await wait).keys()]).toEqual(['a', 'b']);
});

test('nothing to wait for opens nothing', async () => {
  expect((await watch.restarts('work', [], '0-0', never())).size).toBe(0);
  expect((await watch.restarts('work', ['a'], '0-0', AbortSignal.abort())).size).toBe(0);
  expect(readers).toEqual([]);
});

test('a read that fails is told to all, and the next one who asks reads anew', async () => {
  const wait = watch.restarts('work', ['a'], '0-0', never());
  const failure = expect(wait).rejects.toThrow();
  await until(() => readers.length === 1, 'it reads');
  readers[0]?.disconnect();
  await failure;
  await starts('a');
  expect((await watch.restarts('work', ['a'], '0-0', never())).size).toBe(1);
  expect(readers).toHaveLength(2);
});

test('who asks as the last one is told is read for as well', async () => {
  const first = watch.restarts('work', ['a'], '0-0', never());
  const second = first.then(() => watch.restarts('work', ['a'], '0-0', never()));
  await starts('a');
  expect((await second).size).toBe(1);
});

test('starts whose events the stream has lost are seen in the jobs; who waits still is not', async () => {
  const put = (jobId: string, fields: Record<string, string>) =>
    redis.hset(queueKeys(prefix, 'work').job(jobId), { name: 'job', ...fields });
  const killed = (s: number, a: number) =>
    `${JSON.stringify({ s, w: 'p.1', a, e: 9_000, o: 'killed', c: 'crash' })}\n`;
  await put('waits', { processedOn: '7000', ats: '1', mrAttempts: killed(1, 7_000) });
  await put('runs', { processedOn: '9500', ats: '2', mrAttempts: killed(1, 7_000) });
  await put('again', { processedOn: '7000', ats: '2', mrAttempts: killed(1, 7_000) });
  await put('over', {
    ...{ processedOn: '9700', ats: '2' },
    mrAttempts: `${killed(1, 7_000)}${JSON.stringify({ s: 2, w: 'p.2', a: 9_700, e: 9_800, o: 'completed' })}\n`,
  });
  const jobs = ['waits', 'runs', 'again', 'over', 'gone'];
  const limit = new AbortController();
  const wait = watch.restarts('work', jobs, '8000-0', limit.signal);
  await watch.restarts('work', ['runs'], '8000-0', never());
  limit.abort();
  const seen = await wait;
  expect([...seen.keys()]).toEqual(['runs', 'again', 'over', 'gone']);
  expect([seen.get('runs'), seen.get('over')]).toEqual([9_500, 9_700]);
  expect(seen.get('gone')).toBeGreaterThan(1_000_000_000_000);
});
