import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PoolStatus } from '@millrace/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startPlatform, type TestPlatform } from '../support/platform.ts';
import { until } from '../support/queue.ts';

vi.setConfig({ testTimeout: 180_000 });

const PATIENCE_MS = 60_000;
const podMain = fileURLToPath(new URL('../fixtures/fickle-pod.mjs', import.meta.url));

let fickleDir: string;
const closings: (() => Promise<void>)[] = [];
beforeEach(async () => {
  fickleDir = await mkdtemp(join(tmpdir(), 'millrace-fickle-'));
  closings.push(() => rm(fickleDir, { recursive: true, force: true }));
});
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

const sicken = (pool: string) => writeFile(join(fickleDir, pool), '');
const cure = (pool: string) => rm(join(fickleDir, pool));

async function start(supervision: string, pools: string): Promise<TestPlatform> {
  const yaml = (linkPort: number) => `
worker: {processes: 1, standby: 0, healthPort: 0, cpuThreads: 1, concurrency: 4}
supervision: {linkPort: ${linkPort}, healthPort: 0, intensity: 2, backoffMs: 50, trialMs: 1000, ${supervision}}
pools: ${pools}
drain: {timeoutMs: 2000, noticeMs: 500}
`;
  const platform = await startPlatform(yaml, { podMain, env: { FICKLE_DIR: fickleDir } });
  closings.push(() => platform.close());
  return platform;
}

async function pools(platform: TestPlatform): Promise<readonly PoolStatus[]> {
  return (await platform.store.board.status())?.pools ?? [];
}

/** Waits until the pools are in these states, in order. */
async function becomes(platform: TestPlatform, ...states: PoolStatus['state'][]): Promise<void> {
  let seen: readonly PoolStatus[] = [];
  await until(
    async () => {
      seen = await pools(platform);
      return seen.map(({ state }) => state).join() === states.join();
    },
    `pools are ${states.join(', ')}`,
    PATIENCE_MS,
  ).catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify(seen)}\n${platform.stderr()}`);
  });
}

const podsOf = (platform: TestPlatform, pool: string) =>
  [...platform.pods.values()].filter((pod) => pod.pool === pool);

/** Kills the pool's pods, which then die at every start. */
async function ruin(platform: TestPlatform, pool: string): Promise<void> {
  await sicken(pool);
  for (const { child } of podsOf(platform, pool)) child.kill('SIGKILL');
}

const isRefused = async (platform: TestPlatform, queue: string) =>
  (await platform.store.queue(queue).add([{ name: 'echo', data: 1, opts: {} }])).kind === 'circuit_open';

const completes = async (platform: TestPlatform, queue: string) => {
  const [id = ''] = await platform.add(queue, 'echo', 1);
  await until(
    async () => (await platform.jobs(queue, [id]))[0]?.state === 'completed',
    `${queue} works`,
    PATIENCE_MS,
  );
};

describe('a pool that dies and dies', () => {
  test('gives up: its queues are paused and refuse jobs; one trial pod heals it', async () => {
    const platform = await start('openMs: 1500', '{default: {pods: 1}}');
    await platform.running(1);
    await completes(platform, 'quick');
    await ruin(platform, 'default');
    await becomes(platform, 'open');
    await until(() => isRefused(platform, 'quick'), 'adds are refused');
    const { circuit, paused } = await platform.store.queue('quick').snapshot();
    expect(circuit?.reason).toContain('Pods of pool "default" died more than 2 times');
    expect(paused).toBe(true);
    // A trial that fails doubles the wait.
    await until(() => platform.stderr().includes('The trial pod of pool'), 'a trial fails', PATIENCE_MS);
    expect(platform.stderr()).toContain('tried again after 3 s');
    await cure('default');
    await becomes(platform, 'half-open');
    await becomes(platform, 'running');
    expect((await pools(platform))[0]?.circuit).toBeNull();
    await completes(platform, 'quick');
  });

  test('is whole at once when an operator resumes it', async () => {
    const platform = await start('openMs: 5m', '{default: {pods: 2}}');
    await platform.running(2);
    await ruin(platform, 'default');
    await becomes(platform, 'open');
    expect(platform.pods.size).toBe(0);
    await cure('default');
    const command = { kind: 'resume-pool', worker: 'default', by: 'me', atMs: Date.now() } as const;
    await platform.store.board.sendCommand(command);
    await becomes(platform, 'running');
    await platform.running(2);
    await completes(platform, 'quick');
  });
});

test('rest_for_one over the pools restarts later pools only', async () => {
  const platform = await start(
    'openMs: 1000, strategy: rest_for_one',
    '{first: {pods: 1, queues: [quick]}, second: {pods: 1, queues: [slow]}, third: {pods: 1, queues: [cpu]}}',
  );
  await platform.running(3);
  const before = (pool: string) => podsOf(platform, pool).map(({ id }) => id);
  const [first, third] = [before('first'), before('third')];
  await ruin(platform, 'second');
  await becomes(platform, 'running', 'open', 'waiting');
  await until(() => isRefused(platform, 'cpu'), 'what stands behind refuses jobs, too');
  await cure('second');
  await becomes(platform, 'running', 'running', 'running');
  await platform.running(3);
  expect(before('first')).toEqual(first);
  expect(before('third')).toHaveLength(1);
  expect(before('third')).not.toEqual(third);
});

test('workers of a pool serve its queues and no others', async () => {
  const platform = await start('openMs: 1000', '{few: {pods: 1, queues: [quick]}}');
  const [worker] = await platform.running(1);
  expect(worker?.queues).toEqual(['quick']);
  await completes(platform, 'quick');
});

test('a pod that was just made, and has told nobody of itself, is killed by order too', async () => {
  const platform = await start('openMs: 1000', '{default: {pods: 1, intensity: 0}}');
  await until(() => platform.pods.size === 1, 'it is made', PATIENCE_MS);
  const [pod = ''] = [...platform.pods.keys()];
  // A pod that stands still dials nobody.
  platform.pods.get(pod)?.child.kill('SIGSTOP');
  await platform.store.board.sendCommand({ kind: 'kill', worker: pod, by: 'me', atMs: Date.now() });
  await until(() => !platform.pods.has(pod) && platform.pods.size === 1, 'it is replaced', PATIENCE_MS);
  await platform.running(1);
  expect((await pools(platform))[0]?.restarts.used).toBe(0);
});

test('a pod that is drained, or killed by order, is replaced and costs nothing of the budget', async () => {
  const platform = await start('openMs: 1000', '{default: {pods: 1, intensity: 0}}');
  for (const kind of ['drain', 'kill'] as const) {
    await platform.running(1);
    const [pod = ''] = [...platform.pods.keys()];
    await platform.store.board.sendCommand({ kind, worker: pod, by: 'me', atMs: Date.now() });
    await until(() => !platform.pods.has(pod) && platform.pods.size === 1, 'it is replaced', PATIENCE_MS);
  }
  await becomes(platform, 'running');
  expect((await pools(platform))[0]?.restarts.used).toBe(0);
});
