import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askStore } from '../../local/src/store/resp.ts';
import { call, callUntil } from '../support/http.ts';
import {
  configFile,
  isRunning,
  type Launched,
  launch,
  type Ready,
  recorded,
  scratch,
} from '../support/launch.ts';
import { until } from '../support/queue.ts';

let dir: string;
let remove: () => Promise<void>;
let started: Launched[];
beforeEach(async () => {
  ({ dir, remove } = await scratch());
  started = [];
});
afterEach(async () => {
  for (const each of started) {
    each.process.kill('SIGKILL');
    await each.exit();
  }
  for (const { pid } of await recorded(dir).catch(() => []))
    if (isRunning(pid)) process.kill(-pid, 'SIGKILL');
  await remove();
});

async function start(): Promise<{ launched: Launched; ready: Ready }> {
  const launched = launch(['--json', '--dir', dir, '--config', await configFile(dir)]);
  started.push(launched);
  return { launched, ready: await launched.ready() };
}

/** A job that answers at once. */
const ask = (url: string, n = 10) =>
  call(url, 'POST', '/v1/queues/call/jobs', { name: 'call', data: { n } }, { prefer: 'wait=20' });

/** A job that sleeps for `sleepMs`; its id. */
async function sleeper(url: string, sleepMs: number): Promise<string> {
  const data = { seed: 1, id: 1, sleep_min: sleepMs, sleep_max: sleepMs };
  const answer = await call(url, 'POST', '/v1/queues/workload/jobs', { name: 'workload', data });
  expect(answer.status).toBe(202);
  return answer.body.id;
}
const job = (url: string, id: string) => call(url, 'GET', `/v1/queues/workload/jobs/${id}`);
const inState = (url: string, id: string, state: string) =>
  until(async () => (await job(url, id)).body.state === state, `job ${id} is ${state}`);

async function nothingIsLeft(pids: readonly number[]): Promise<void> {
  expect(pids.length).toBeGreaterThan(0);
  expect(pids.filter(isRunning)).toEqual([]);
}

describe('npm start', () => {
  it('runs everything, with a store that loses nothing, and leaves no process behind', async () => {
    const { launched, ready } = await start();
    expect((await ask(ready.url)).body).toMatchObject({ state: 'completed', result: { sum: 55 } });
    const question = [
      ['CONFIG', 'GET', 'appendfsync'],
      ['CONFIG', 'GET', 'dir'],
    ];
    const replies = await askStore(ready.store, question, AbortSignal.timeout(5_000));
    expect(replies).toEqual([
      ['appendfsync', 'always'],
      ['dir', `${dir}/store`],
    ]);
    const { workers } = (await call(ready.url, 'GET', '/v1/workers')).body;
    const pids = [...(await recorded(dir)), ...workers].map((each: { pid: number }) => each.pid);
    expect(pids.length).toBeGreaterThanOrEqual(5);
    launched.process.kill('SIGINT');
    expect(await launched.exit()).toBe(0);
    await nothingIsLeft(pids);
    expect(await recorded(dir)).toEqual([]);
  });

  it('drains before the store ends, and a second start goes on with what was waiting', async () => {
    const first = await start();
    const { url } = first.ready;
    const running = await sleeper(url, 1_500);
    await inState(url, running, 'active');
    await call(url, 'PATCH', '/v1/queues/call', { paused: true });
    const waiting = (await call(url, 'POST', '/v1/queues/call/jobs', { name: 'call', data: { n: 4 } })).body
      .id;
    first.launched.process.kill('SIGTERM');
    expect(await first.launched.exit()).toBe(0);

    const { ready } = await start();
    expect((await job(ready.url, running)).body).toMatchObject({ state: 'completed', attemptsStarted: 1 });
    await call(ready.url, 'PATCH', '/v1/queues/call', { paused: false });
    const path = `/v1/queues/call/jobs/${waiting}`;
    await until(
      async () => (await call(ready.url, 'GET', path)).body.state === 'completed',
      'the job has run',
    );
    expect((await call(ready.url, 'GET', path)).body.result).toEqual({ sum: 10 });
  });

  it('hands back what runs when it is asked to stop a second time', async () => {
    const { launched, ready } = await start();
    const running = await sleeper(ready.url, 60_000);
    await inState(ready.url, running, 'active');
    launched.process.kill('SIGINT');
    await launched.says('Draining');
    await until(() => {
      launched.process.kill('SIGINT');
      return launched.stderr().includes('Hastening');
    }, 'it hastens');
    expect(await launched.exit()).toBe(0);
    expect(launched.stderr()).toMatch(/Stopped\.\n$/);
    const again = await start();
    await inState(again.ready.url, running, 'active');
    expect((await job(again.ready.url, running)).body).toMatchObject({ attemptsMade: 0 });
    again.launched.process.kill('SIGKILL');
  });

  it.each(['producer', 'supervisor', 'store'] as const)('starts a killed %s again', async (name) => {
    const { launched, ready } = await start();
    process.kill(ready.pids[name], 'SIGKILL');
    await launched.says(`${name} ended (SIGKILL); it starts again in 0.05 s`);
    const answer = await callUntil(
      200,
      ready.url,
      'POST',
      '/v1/queues/call/jobs',
      { name: 'call', data: { n: 3 } },
      {
        prefer: 'wait=20',
      },
    );
    expect(answer.body.result).toEqual({ sum: 6 });
    await until(async () => (await recorded(dir)).some((each) => each.name === name), `${name} runs again`);
  });

  it('ends what a killed launcher left behind, and goes on', async () => {
    const first = await start();
    const id = await sleeper(first.ready.url, 60_000);
    await inState(first.ready.url, id, 'active');
    const left = await recorded(dir);
    first.launched.process.kill('SIGKILL');
    await first.launched.exit();
    // Whatever speaks with the launcher notices; a store cannot, and is left to the next start.
    await until(
      () => left.every(({ name, pid }) => name === 'store' || !isRunning(pid)),
      'the services end',
      30_000,
    );
    expect(isRunning(first.ready.pids.store)).toBe(true);

    const { launched, ready } = await start();
    expect(launched.stderr()).toContain('Ending what an earlier start left behind when it was killed: store');
    expect(isRunning(first.ready.pids.store)).toBe(false);
    await inState(ready.url, id, 'active');
  });
}, 90_000);
