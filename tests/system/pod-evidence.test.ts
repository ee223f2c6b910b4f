import { existsSync } from 'node:fs';
import type { ChildReport } from '@millrace/supervision';
import { afterEach, expect, test, vi } from 'vitest';
import { canLimitMemory, limitMemory } from '../support/memory-limit.ts';
import { type QueueBench, queueBench, until } from '../support/queue.ts';
import { processState, startPod, type TestPod } from '../support/worker-pod.ts';

vi.setConfig({ testTimeout: 120_000 });

const MIB = 1024 * 1024;
const yaml = (worker: string) => `
worker: {processes: 1, healthPort: 0, cpuThreads: 1, ${worker}}
supervision: {beatMs: 50}
drain: {timeoutMs: 1000, noticeMs: 100}
`;

let queues: QueueBench;
let pod: TestPod;
afterEach(async () => {
  await pod.close();
  await queues.close();
});

async function start(worker = 'standby: 0', env: Record<string, string> = {}) {
  queues = queueBench();
  pod = await startPod(yaml(worker), { prefix: queues.prefix, env });
  const store = await queues.store('patient');
  const misbehave = (how: string) =>
    store.queue('bad').add([{ name: 'misbehave', data: { how }, opts: {} }] as never);
  return { misbehave, victim: pod.inSlot(0) };
}

const reportOf = (id: string): ChildReport | undefined =>
  pod.heard.podBeats.at(-1)?.children.find(({ worker }) => worker === id);

async function exitOf(id: string) {
  await until(() => pod.heard.exits.some(({ worker }) => worker === id), 'its exit is told');
  return pod.heard.exits.find(({ worker }) => worker === id);
}

const withProc = test.runIf(existsSync('/proc/self/stat'));

withProc(
  'a frozen child is seen silent, stopped and without work; a healthy one is heard at every beat',
  async () => {
    const { victim } = await start();
    await until(() => (reportOf(victim.id)?.silentMs ?? 1e9) < 500, 'it is heard');
    expect(reportOf(victim.id)).toMatchObject({ pid: victim.pid, state: expect.stringMatching(/^[RSD]$/) });
    expect(reportOf(victim.id)?.rssBytes).toBeGreaterThan(20 * MIB);
    process.kill(victim.pid, 'SIGSTOP');
    await until(() => reportOf(victim.id)?.state === 'T', 'it is seen stopped');
    const cpuMs = reportOf(victim.id)?.cpuMs;
    await until(() => (reportOf(victim.id)?.silentMs ?? 0) > 300, 'it is silent');
    expect(reportOf(victim.id)?.cpuMs).toBe(cpuMs);
  },
);

withProc('a child that its own work blocks is silent, and its CPU time grows', async () => {
  const { misbehave, victim } = await start();
  await misbehave('block');
  await until(() => (reportOf(victim.id)?.silentMs ?? 0) > 500, 'it is silent');
  const cpuMs = reportOf(victim.id)?.cpuMs ?? Number.POSITIVE_INFINITY;
  await until(() => (reportOf(victim.id)?.cpuMs ?? 0) > cpuMs + 100, 'it works');
});

test('a full heap is told as such, with the peak, the limit and the last lines', async () => {
  const { misbehave, victim } = await start('standby: 0', { NODE_OPTIONS: '--max-old-space-size=64' });
  await misbehave('leak');
  const exit = await exitOf(victim.id);
  expect(exit).toMatchObject({ outOfMemory: true, expected: false, ordered: false, fenced: false });
  expect(exit?.memoryLimitBytes).toBe(64 * MIB);
  if (existsSync('/proc/self/stat')) expect(exit?.peakRssBytes).toBeGreaterThan(64 * MIB);
  expect(exit?.stderrTail.length).toBeGreaterThan(5);
  expect(JSON.stringify(exit).length).toBeLessThan(64 * 1024);
});

test.runIf(canLimitMemory)('a child that the kernel kills for memory is told as such', async () => {
  queues = queueBench();
  pod = await startPod(yaml('standby: 0'), { prefix: queues.prefix, ready: false });
  // At once: it looks for its group as it starts.
  const group = await limitMemory(pod.pid, 400 * MIB);
  await until(() => pod.active().length === 1, 'it runs', 60_000);
  const victim = pod.inSlot(0);
  const store = await queues.store('patient');
  await store.queue('bad').add([{ name: 'misbehave', data: { how: 'gorge' }, opts: {} }] as never);
  expect(await exitOf(victim.id)).toMatchObject({
    ...{ signal: 'SIGKILL', outOfMemory: true, ordered: false, memoryLimitBytes: 400 * MIB },
  });
  expect(pod.heard.exits[0]?.peakRssBytes).toBeGreaterThan(200 * MIB);
  await pod.close();
  await group.end();
});

test('an uncaught exception ends with its words in the report, and is no lack of memory', async () => {
  const { misbehave, victim } = await start();
  await misbehave('throw');
  const exit = await exitOf(victim.id);
  expect(exit).toMatchObject({ outOfMemory: false, ordered: false, code: 1 });
  expect(exit?.stderrTail.join('\n')).toContain('Uncaught exception in worker');
});

test('an operator’s kill and a supervisor’s fence are told apart, and from anybody else’s SIGKILL', async () => {
  const { victim } = await start('standby: 2');
  process.kill(victim.pid, 'SIGKILL');
  expect(await exitOf(victim.id)).toMatchObject({ signal: 'SIGKILL', ordered: false, fenced: false });
  await until(() => pod.active().length === 1, 'the slot is filled');
  const second = pod.inSlot(0);
  pod.links.order(pod.id, { type: 'kill', worker: second.id, by: 'test' });
  expect(await exitOf(second.id)).toMatchObject({ signal: 'SIGKILL', ordered: true, fenced: false });
  await until(() => pod.active().length === 1, 'the slot is filled');
  const third = pod.inSlot(0);
  pod.links.order(pod.id, { type: 'fenced', worker: third.id, busy: true });
  expect(await exitOf(third.id)).toMatchObject({ signal: 'SIGKILL', fenced: true, busy: true });
});

test('a suspect without a standby gets one, ready to take its place', async () => {
  const { victim } = await start('standby: 0');
  const standbys = () =>
    [...pod.heard.beats].filter(([, { state }]) => state === 'standby').map(([id]) => id);
  expect(standbys()).toEqual([]);
  process.kill(victim.pid, 'SIGSTOP');
  pod.links.order(pod.id, { type: 'warm', worker: victim.id });
  await until(() => standbys().length === 1, 'one is warm', 30_000);
  const [spare] = standbys();
  pod.links.order(pod.id, { type: 'fenced', worker: victim.id });
  await until(() => pod.active().length === 1 && pod.inSlot(0).id === spare, 'it took the place');
  await until(async () => (await processState(victim.pid)) === null, 'the suspect is gone');
});
