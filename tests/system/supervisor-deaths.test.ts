import { afterEach, expect, test, vi } from 'vitest';
import { type PlatformOptions, startPlatform, type TestPlatform } from '../support/platform.ts';
import { until } from '../support/queue.ts';
import { processState } from '../support/worker-pod.ts';

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

let platform: TestPlatform;
afterEach(() => platform.close());

async function start(supervision = '', pods = 2, options: PlatformOptions = {}): Promise<TestPlatform> {
  platform = await startPlatform(yaml(supervision, pods), options);
  return platform;
}

/** Two workers, and `count` long jobs that run somewhere. */
async function jobsRun(count = 4) {
  await platform.running(2);
  const ids = await platform.add('slow', 'wait', { ms: 60_000 }, count);
  await until(async () => {
    const found = await platform.jobs('slow', ids);
    return found.every((job) => job?.state === 'active');
  }, 'all jobs run');
  const holderOf = async (id: string) =>
    (await platform.store.queue('slow').job(id))?.attempts.at(-1)?.worker;
  return { ids, holderOf };
}

const runsElsewhere = (queue: string, ids: readonly string[], not: string) =>
  until(async () => {
    const found = await platform.jobs(queue, ids);
    return found.every((job) => job?.state === 'active' && job.attempts.at(-1)?.worker !== not);
  }, 'the jobs run elsewhere');

test('SIGKILL of a worker: its jobs run elsewhere at once, one recovery on record, its slot is filled', async () => {
  await start();
  const { ids, holderOf } = await jobsRun();
  const victim = await busiest();
  const own: string[] = [];
  for (const id of ids) if ((await holderOf(id)) === victim.id) own.push(id);
  process.kill(victim.pid, 'SIGKILL');
  const recovery = await platform.recovered(victim.id);
  await runsElsewhere('slow', own, victim.id);
  expect(recovery.certificate).toMatchObject({ cause: 'killed', exitSignal: 'SIGKILL', pid: victim.pid });
  expect(recovery.orphans.slow?.toSorted()).toEqual(own.toSorted());
  expect(recovery.lastOrphanMs).toBeLessThan(3_000);
  await platform.running(2);
  await until(
    async () => (await platform.recovered(victim.id)).respawnMs !== null,
    'the respawn is on record',
  );
});

async function busiest() {
  let found = (await platform.workers('running')).toSorted((a, b) => b.busy - a.busy)[0];
  await until(async () => {
    found = (await platform.workers('running')).toSorted((a, b) => b.busy - a.busy)[0];
    return (found?.busy ?? 0) > 0;
  }, 'somebody is busy');
  if (!found) throw new Error('nobody runs');
  return found;
}

test('SIGKILL of a pod: its workers die with it, their jobs move on, another pod comes', async () => {
  await start();
  const { ids } = await jobsRun();
  const victim = await busiest();
  platform.pods.get(victim.pod)?.child.kill('SIGKILL');
  const recovery = await platform.recovered(victim.id);
  expect(['pod-lost', 'crash']).toContain(recovery.certificate.cause);
  await runsElsewhere('slow', ids, victim.id);
  await until(async () => (await processState(victim.pid)) === null, 'the worker is dead');
  await platform.running(2);
  expect(platform.pods.has(victim.pod)).toBe(false);
});

test('SIGSTOP of a busy worker: jobs elsewhere by the hang limit, it is killed by its parent', async () => {
  await start(', beatMs: 100, suspectMs: 400, hangLimitMs: 1500');
  const { ids } = await jobsRun();
  const victim = await busiest();
  const from = Date.now();
  process.kill(victim.pid, 'SIGSTOP');
  await runsElsewhere('slow', ids, victim.id);
  // By the hang limit, and not by locks that run out after 30 s; how soon after it is the bench's to measure.
  expect(Date.now() - from).toBeLessThan(20_000);
  const { certificate } = await platform.recovered(victim.id);
  expect(certificate.cause).toBe('hung');
  await until(async () => (await processState(victim.pid)) === null, 'its parent killed it');
  await platform.running(2);
});

test('SIGSTOP of an idle worker: no job waits for it longer than until it is suspected', async () => {
  await start(', beatMs: 100, suspectMs: 400, hangLimitMs: 10000');
  const workers = await platform.running(2);
  const [victim] = workers;
  if (!victim) throw new Error('nobody runs');
  process.kill(victim.pid, 'SIGSTOP');
  const from = Date.now();
  // One after the other, so that some marker goes to the frozen one's blocking read.
  for (let round = 0; round < 10; round++) {
    const [id = ''] = await platform.add('quick', 'echo', { round });
    await until(async () => (await platform.store.queue('quick').job(id))?.state === 'completed', 'it runs');
  }
  expect(Date.now() - from).toBeLessThan(5_000);
  await until(
    async () => (await platform.workers('suspect'))[0]?.id === victim.id,
    'it is shown as a suspect',
  );
  process.kill(victim.pid, 'SIGCONT');
  await platform.running(2);
  expect(await platform.store.board.recoveries(10)).toEqual([]);
});

test('SIGSTOP of a pod supervisor: the pod is killed and replaced, and its jobs move on', async () => {
  await start(', beatMs: 100, suspectMs: 300, hangLimitMs: 700');
  const { ids } = await jobsRun();
  const victim = await busiest();
  const pod = platform.pods.get(victim.pod)?.child;
  pod?.kill('SIGSTOP');
  await runsElsewhere('slow', ids, victim.id);
  await until(() => !platform.pods.has(victim.pod), 'the pod is gone');
  await until(async () => (await processState(victim.pid)) === null, 'its worker is dead');
  await platform.running(2);
});

test('with killFenced off a zombie that wakes is refused, counted, and exits', async () => {
  await start(', beatMs: 100, suspectMs: 400, hangLimitMs: 1500, killFenced: false');
  await platform.running(2);
  const ids = await platform.add('slow', 'wait', { ms: 3_000 }, 4);
  const victim = await busiest();
  const own: string[] = [];
  await until(async () => {
    const found = await platform.jobs('slow', ids);
    return found.every((job) => job?.state === 'active');
  }, 'all jobs run');
  for (const job of await platform.jobs('slow', ids)) {
    if (job?.attempts.at(-1)?.worker === victim.id) own.push(job.id);
  }
  process.kill(victim.pid, 'SIGSTOP');
  await platform.recovered(victim.id);
  expect(await processState(victim.pid)).toBe('T');
  await until(async () => {
    const found = await platform.jobs('slow', ids);
    return found.every((job) => job?.state === 'completed');
  }, 'the living complete them');
  process.kill(victim.pid, 'SIGCONT');
  await until(async () => (await processState(victim.pid)) === null, 'the zombie exits');
  const queues = await platform.store.board.queueNames();
  expect(await platform.store.supervision.refusalsOf(queues, victim.id)).toBeGreaterThan(0);
  for (const job of await platform.jobs('slow', own)) {
    expect(job?.attempts.filter(({ outcome }) => outcome === 'completed')).toHaveLength(1);
    expect(job?.attempts.find(({ outcome }) => outcome === 'completed')?.worker).not.toBe(victim.id);
  }
});

test('a live worker whose sockets are all reset is not dead', async () => {
  await start();
  const { ids } = await jobsRun();
  const victim = await busiest();
  const lines = String(await platform.bench.redis.client('LIST')).split('\n');
  const connections = lines.filter((line) => new RegExp(`name=\\S*${victim.id}( |$)`).test(line));
  expect(connections.length).toBeGreaterThan(1);
  for (const line of connections) {
    await platform.bench.redis.client('KILL', 'ID', Number(/\bid=(\d+)/.exec(line)?.[1]));
  }
  // The supervisor's death and return resets every link, too.
  await platform.endSupervisor('SIGKILL');
  await platform.startSupervisor();
  const workers = await platform.running(2);
  expect(workers.map(({ id }) => id)).toContain(victim.id);
  const other = workers.find(({ id }) => id !== victim.id);
  if (!other) throw new Error('nobody else runs');
  process.kill(other.pid, 'SIGKILL');
  await platform.recovered(other.id);
  expect((await platform.store.board.recoveries(10)).map(({ id }) => id)).toEqual([other.id]);
  for (const job of await platform.jobs('slow', ids)) expect(job?.state).toBe('active');
});
