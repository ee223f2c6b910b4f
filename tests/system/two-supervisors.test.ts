import { afterEach, describe, expect, test, vi } from 'vitest';
import { startPlatform, type TestPlatform } from '../support/platform.ts';
import { until } from '../support/queue.ts';

vi.setConfig({ testTimeout: 180_000 });

const PATIENCE_MS = 60_000;
const closings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

async function start(supervision = '', pods = 2): Promise<TestPlatform> {
  const yaml = (linkPort: number) => `
worker: {processes: 1, standby: 0, healthPort: 0, cpuThreads: 1, concurrency: 4, lockMs: 3000}
supervision: {linkPort: ${linkPort}, healthPort: 0${supervision}}
pools: {default: {pods: ${pods}}}
drain: {timeoutMs: 2000, noticeMs: 500}
`;
  const platform = await startPlatform(yaml, { supervisors: 2 });
  closings.push(() => platform.close());
  return platform;
}

const other = (at: number) => 1 - at;

/** Jobs that a worker of `platform` runs, all of them. */
async function occupied(platform: TestPlatform, count: number) {
  const ids = await platform.add('slow', 'wait', { ms: 60_000 }, count);
  const all = () => platform.jobs('slow', ids);
  await until(async () => (await all()).every((job) => job?.state === 'active'), 'all run', PATIENCE_MS);
  return { ids, all };
}

const recoveries = (platform: TestPlatform) => platform.store.board.recoveries(10);

describe('two supervisors', () => {
  test('one leads; both recover; there is one record, and nothing is lost', async () => {
    const platform = await start();
    const [victim] = await platform.running(2);
    if (!victim) throw new Error('nobody runs');
    await platform.leader();
    const { ids, all } = await occupied(platform, 4);
    process.kill(victim.pid, 'SIGKILL');
    const recovery = await platform.recovered(victim.id);
    expect(recovery.certificate.cause).toBe('killed');
    await until(
      async () =>
        (await all()).every((job) => job?.state === 'active' && job.attempts.at(-1)?.worker !== victim.id),
      'the jobs run elsewhere',
      PATIENCE_MS,
    );
    expect(await all()).toHaveLength(ids.length);
    expect((await recoveries(platform)).map(({ id }) => id)).toEqual([victim.id]);
    await platform.running(2);
    expect(platform.pods.size).toBe(2);
  });

  test('the leader is killed while it reclaims: the other finishes, with one record and every orphan', async () => {
    const platform = await start('', 1);
    const [victim] = await platform.running(1);
    if (!victim) throw new Error('nobody runs');
    const leader = await platform.leader();
    const { ids } = await occupied(platform, 4);
    // A paused queue restarts nobody: the recovery cannot end before the leader does.
    await platform.store.queue('slow').pause();
    process.kill(victim.pid, 'SIGKILL');
    await platform.endSupervisor('SIGKILL', leader);
    await platform.store.queue('slow').resume();
    const recovery = await platform.recovered(victim.id);
    expect(recovery.orphans.slow?.toSorted()).toEqual(ids.toSorted());
    expect(recovery.lastOrphanMs).not.toBeNull();
    expect((await recoveries(platform)).map(({ id }) => id)).toEqual([victim.id]);
    expect(await platform.leader()).toBe(other(leader));
  });

  test('a pod that dies after its leader is replaced by the next leader', async () => {
    const platform = await start();
    await platform.running(2);
    const leader = await platform.leader();
    await platform.endSupervisor('SIGKILL', leader);
    const [pod] = [...platform.pods.values()];
    pod?.child.kill('SIGKILL');
    await until(() => !platform.pods.has(pod?.id ?? ''), 'it is gone');
    await until(() => platform.pods.size === 2, 'another is made', PATIENCE_MS);
    await platform.running(2);
    expect(await platform.leader()).toBe(other(leader));
  });

  test('a leader that is frozen past its lease does not act when it wakes', async () => {
    const platform = await start(', leaseMs: 2000');
    await platform.running(2);
    const leader = await platform.leader();
    platform.supervisor(leader).kill('SIGSTOP');
    const [pod] = [...platform.pods.values()];
    pod?.child.kill('SIGKILL');
    await until(
      () => platform.pods.size === 2 && !platform.pods.has(pod?.id ?? ''),
      'it is replaced',
      PATIENCE_MS,
    );
    // The sleeper's last picture, of a leader with two workers, stands until the next leader tells of itself.
    await until(async () => (await platform.leader()) === other(leader), 'the other tells that it leads');
    const after = [...platform.pods.keys()].toSorted();
    platform.supervisor(leader).kill('SIGCONT');
    await platform.running(2);
    // By now it has heard of the pod that died while it slept.
    const metrics = `http://127.0.0.1:${platform.healthPort(leader)}/metrics`;
    await until(
      async () => (await (await fetch(metrics)).text()).includes('millrace_workers_linked 2'),
      'it sees everyone again',
      PATIENCE_MS,
    );
    expect([...platform.pods.keys()].toSorted()).toEqual(after);
    expect(await platform.leader()).toBe(other(leader));
  });

  test('both away during a worker’s death: the stock stalled check brings the jobs back, counted', async () => {
    const platform = await start();
    const workers = await platform.running(2);
    const { all } = await occupied(platform, 2);
    const [job] = await all();
    const victim = workers.find(({ id }) => id === job?.attempts.at(-1)?.worker);
    if (!victim) throw new Error('nobody runs the job');
    for (const at of [0, 1]) await platform.endSupervisor('SIGKILL', at);
    process.kill(victim.pid, 'SIGKILL');
    await until(
      async () =>
        (await all()).every((each) => each?.state === 'active' && each.attempts.at(-1)?.worker !== victim.id),
      'the jobs run elsewhere',
      PATIENCE_MS,
    );
    await platform.startSupervisor(0);
    expect((await platform.recovered(victim.id)).certificate.cause).toBe('killed');
  });
});
