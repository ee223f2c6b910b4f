import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, type Recovery, systemClock } from '@millrace/core';
import { afterEach, expect, test } from 'vitest';
import { startMark } from '../launch/process-identity.ts';
import { listFaults, makeFault } from './run-fault.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** Sleeps take no time, and the clock goes on by them. */
function hastyClock(): Clock {
  let aheadMs = 0;
  const sleep = async (ms: number) => {
    aheadMs += ms;
    await systemClock.sleep(1);
  };
  return { ...systemClock, sleep, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
}

const death = (id: string, cause: string) =>
  ({
    ...{ id, state: 'done', orphans: {}, certificate: { worker: id, cause, blame: 'unknown' } },
  }) as unknown as Recovery;
const letter = (queue: string, id: string, reason: string, killsMs: readonly number[] = []) => ({
  ...{ queue, id, reason },
  kills: killsMs.map((atMs) => ({ atMs })),
});

interface Aftermath {
  readonly recoveries: readonly Recovery[];
  readonly letters: readonly ReturnType<typeof letter>[];
  /** Jobs of the one queue. */
  readonly counts?: { readonly active?: number; readonly completed?: number };
  /** Of every answer; default: 200. */
  readonly status?: number;
}

/** A folder, an API and a store process as a running platform has them; `after` is what shows once it was asked twice. */
async function platform(after: Aftermath): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-fault-'));
  const store = spawn('sleep', ['60']);
  let asked = 0;
  const answers: Record<string, () => unknown> = {
    '/v1/workers': () => ({ workers: [] }),
    '/v1/queues': () => ({ queues: [{ name: 'images', counts: asked > 1 ? after.counts : {} }] }),
    '/v1/queues/images/dead-letters': () => ({ letters: asked > 1 ? after.letters : [] }),
    '/v1/recoveries': () => ({ recoveries: ++asked > 1 ? after.recoveries : [] }),
  };
  const server = createServer(({ url = '' }, response) => {
    response.statusCode = after.status ?? 200;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answers[url.split('?')[0] ?? '']?.() ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => rm(dir, { recursive: true }));
  cleanups.push(() => store.kill('SIGKILL'));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await mkdir(join(dir, 'run'));
  const json = (file: string, value: unknown) => writeFile(join(dir, file), JSON.stringify(value));
  await json('lock', { pid: process.pid, mark: await startMark(process.pid) });
  await json('run/config.yaml', { http: { port: (server.address() as AddressInfo).port } });
  const pid = store.pid ?? 0;
  await json('run/processes.json', [{ name: 'store', pid, mark: await startMark(pid) }]);
  return dir;
}

function reportOf(dir: string) {
  const confirm = async () => true;
  const run = { dir, token: undefined, clock: hastyClock(), signal: AbortSignal.timeout(20_000), confirm };
  return makeFault('store-pause', run);
}

async function faultsOf(after: Aftermath): Promise<readonly string[]> {
  return (await reportOf(await platform(after))).faults;
}

test('a pause that kills nobody and nothing is as promised; a planned end is no death', async () => {
  expect(await faultsOf({ recoveries: [death('w', 'shutdown')], letters: [] })).toEqual([]);
});

test('false deaths are not', async () => {
  const recoveries = ['a', 'b', 'c', 'd'].map((id) => death(id, 'hung'));
  expect(await faultsOf({ recoveries, letters: [] })).toEqual([
    '4 workers were declared dead, not 0',
    'deaths of another cause: a hung, b hung, c hung, d hung',
  ]);
});

test('nor is a job that was killed for good; one that ran out of its attempts is its owner’s business', async () => {
  const letters = [letter('images', '7', 'poison'), letter('images', '8', 'attempts')];
  expect(await faultsOf({ recoveries: [], letters })).toEqual([
    '1 jobs were killed for good, not 0: images/7 (poison)',
  ]);
});

test('a job that had killed before the fault was made is not its victim', async () => {
  const hourMs = 3_600_000;
  const [before, after] = [Date.now() - hourMs, Date.now() + hourMs];
  const letters = [
    letter('images', '7', 'poison', [before, after]),
    letter('images', '8', 'poison', [after]),
  ];
  expect(await faultsOf({ recoveries: [], letters })).toEqual([
    '1 jobs were killed for good, not 0: images/8 (poison)',
  ]);
});

test.each([
  ['nothing ran', {}, {}, false],
  ['a job runs', { active: 1 }, {}, true],
  ['a job has run', { completed: 1 }, {}, true],
  ['a death left a job behind', {}, { images: ['7'] }, true],
])('it is told whether jobs were seen to run: %s', async (_, counts, orphans, sawJobs) => {
  const recoveries = [{ ...death('w', 'shutdown'), orphans }];
  const report = await reportOf(await platform({ recoveries, letters: [], counts }));
  expect(report.sawJobs).toBe(sawJobs);
});

test('a folder from which no platform runs has no list of faults, only one sentence', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-fault-'));
  cleanups.push(() => rm(dir, { recursive: true }));
  const surroundings = { dir, token: undefined, clock: systemClock, signal: AbortSignal.timeout(20_000) };
  await expect(listFaults(surroundings)).rejects.toMatchObject({ code: 'not_found' });
});

test('a platform that does not take the token says so: that is no defect', async () => {
  const dir = await platform({ recoveries: [], letters: [], status: 401 });
  await expect(reportOf(dir)).rejects.toMatchObject({
    code: 'wrong_state',
    message: expect.stringContaining('was refused: 401'),
  });
});
