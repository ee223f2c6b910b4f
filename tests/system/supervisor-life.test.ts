import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type PlatformOptions, startPlatform, type TestPlatform } from '../support/platform.ts';
import { until } from '../support/queue.ts';
import { serviceMain } from '../support/service-main.ts';
import { freePort, startStore } from '../support/store-setup.ts';
import { isAlive } from '../support/worker-pod.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// A dozen processes of Node start in a test; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000 });

const yaml =
  (supervision = '', pods = 2) =>
  (linkPort: number) =>
    `
worker: {processes: 1, standby: 0, healthPort: 0, cpuThreads: 1, concurrency: 4}
supervision: {linkPort: ${linkPort}, healthPort: 0${supervision}}
pools: {default: {pods: ${pods}}}
drain: {timeoutMs: 2000, noticeMs: 500}
`;

const closings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

async function start(supervision = '', pods = 2, options: PlatformOptions = {}): Promise<TestPlatform> {
  const platform = await startPlatform(yaml(supervision, pods), options);
  closings.push(() => platform.close());
  return platform;
}

const states = async (platform: TestPlatform, queue: string, ids: readonly string[]) =>
  (await platform.jobs(queue, ids)).map((job) => job?.state);

describe('a supervisor', () => {
  test('killed in the middle of a recovery is followed by one that finishes it', async () => {
    const platform = await start('', 1);
    const [worker] = await platform.running(1);
    if (!worker) throw new Error('nobody runs');
    const ids = await platform.add('slow', 'wait', { ms: 60_000 }, 3);
    await until(async () => (await states(platform, 'slow', ids)).every((s) => s === 'active'), 'all run');
    // A paused queue restarts nobody: the recovery cannot end.
    await platform.store.queue('slow').pause();
    process.kill(worker.pid, 'SIGKILL');
    const record = async () => (await platform.store.board.recoveries(10))[0];
    await until(async () => (await record())?.reclaimMs != null, 'the jobs are given back');
    await platform.endSupervisor('SIGKILL');
    expect(await record()).toMatchObject({ id: worker.id, state: 'running', lastOrphanMs: null });
    await platform.startSupervisor();
    await platform.store.queue('slow').resume();
    const recovery = await platform.recovered(worker.id);
    expect(recovery.orphans.slow?.toSorted()).toEqual(ids.toSorted());
    expect(recovery.lastOrphanMs).toBeGreaterThan(recovery.reclaimMs as number);
  });

  test('that was away finds the workers that died meanwhile, and adopts the pods that live', async () => {
    const platform = await start();
    const workers = await platform.running(2);
    const before = [...platform.pods.keys()].toSorted();
    const ids = await platform.add('slow', 'wait', { ms: 60_000 }, 4);
    await until(async () => (await states(platform, 'slow', ids)).every((s) => s === 'active'), 'all run');
    await platform.endSupervisor('SIGKILL');
    const [victim] = workers;
    if (!victim) throw new Error('nobody runs');
    process.kill(victim.pid, 'SIGKILL');
    await platform.startSupervisor();
    const recovery = await platform.recovered(victim.id);
    expect(recovery.certificate).toMatchObject({ cause: 'killed', pid: victim.pid });
    await until(async () => {
      const found = await platform.jobs('slow', ids);
      return found.every((job) => job?.state === 'active' && job.attempts.at(-1)?.worker !== victim.id);
    }, 'the jobs run elsewhere');
    await platform.running(2);
    expect([...platform.pods.keys()].toSorted()).toEqual(before);
    expect(await platform.store.board.recoveries(10)).toHaveLength(1);
  });

  test('that was away finds the pod that died meanwhile, too', async () => {
    const platform = await start();
    const [victim] = await platform.running(2);
    if (!victim) throw new Error('nobody runs');
    await platform.endSupervisor('SIGKILL');
    const pod = platform.pods.get(victim.pod);
    const exit = once(pod?.child as never, 'exit');
    pod?.child.kill('SIGKILL');
    await exit;
    await platform.startSupervisor();
    expect((await platform.recovered(victim.id)).certificate.cause).toBe('pod-lost');
    await platform.running(2);
  });

  test('stopped in order leaves its pods at work', async () => {
    const platform = await start('', 1);
    const [worker] = await platform.running(1);
    expect(await platform.endSupervisor('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(isAlive(worker?.pid ?? 0)).toBe(true);
    const [id = ''] = await platform.add('quick', 'echo', 1);
    await until(async () => (await states(platform, 'quick', [id]))[0] === 'completed', 'it runs');
  });

  test('gives a pool up that dies and dies, says so, and shows it', async () => {
    const platform = await start(', intensity: 2, periodMs: 60000', 1, {
      podMain: at('../fixtures/crashing-pod.mjs'),
    });
    await until(() => platform.stderr().includes('died more than 2 times'), 'it gives up');
    const shown = async () => (await platform.store.board.status())?.pods[0];
    await until(async () => (await shown())?.restarts.used === 3, 'it shows it');
    expect(await shown()).toMatchObject({ pool: 'default', state: 'down', restarts: { intensity: 2 } });
    expect(platform.pods.size).toBe(0);
    const metrics = await (await fetch(`http://127.0.0.1:${platform.healthPort()}/metrics`)).text();
    expect(metrics).toContain('millrace_pools_given_up 1');
    expect(metrics).toContain('millrace_pod_restarts_total 2');
  });
});

test('an outage of the store kills nobody, and a death during it is dealt with after it', async () => {
  const port = await freePort();
  const first = await startStore(['--port', String(port)]);
  const platform = await start(', beatMs: 100, suspectMs: 500, hangLimitMs: 2000', 2, {
    store: { url: `redis://127.0.0.1:${port}` },
  });
  const workers = await platform.running(2);
  const [victim, survivor] = workers;
  if (!victim || !survivor) throw new Error('nobody runs');
  await first.stop();
  await until(
    async () => (await fetch(`http://127.0.0.1:${platform.healthPort()}/readyz`)).status === 503,
    'the supervisor sees it',
  );
  process.kill(victim.pid, 'SIGKILL');
  await until(() => platform.stderr().includes('A worker process ended'), 'its pod sees the death');
  const second = await startStore(['--port', String(port)]);
  closings.unshift(() => second.stop());
  const recovery = await platform.recovered(victim.id);
  expect(recovery.certificate.cause).toBe('killed');
  const after = await platform.running(2);
  expect(after.map(({ id }) => id)).toContain(survivor.id);
  expect((await platform.store.board.recoveries(10)).map(({ id }) => id)).toEqual([victim.id]);
  const ids = await platform.add('quick', 'echo', 1, 10);
  await until(async () => (await states(platform, 'quick', ids)).every((s) => s === 'completed'), 'it works');
});

describe('a start that cannot be', () => {
  async function fail(env: Record<string, string>) {
    const child = fork(await serviceMain('supervisor'), [], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    const [code] = await once(child, 'close');
    return { code, stderr };
  }

  test('is one clear sentence and exit code 1: link port taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    closings.push(async () => void taken.close());
    const { port } = taken.address() as { port: number };
    const platform = startPlatform((_) => `supervision: {linkPort: ${port}, healthPort: 0}\n`);
    await expect(platform).rejects.toThrow(`Cannot listen for links on 127.0.0.1:${port}`);
  });

  test('key file missing, configuration file missing, unknown variable', async () => {
    for (const [env, text] of [
      [{ MILLRACE_LINK_KEY_FILE: '/nowhere/key' }, 'MILLRACE_LINK_KEY_FILE'],
      [{ MILLRACE_CONFIG: '/nowhere/config.yaml' }, 'MILLRACE_CONFIG'],
      [{ MILLRACE_LINK_KEYFILE: 'x' }, 'did you mean'],
    ] as const) {
      const { code, stderr } = await fail(env);
      expect(code).toBe(1);
      expect(stderr).toContain(text);
    }
  });
});
