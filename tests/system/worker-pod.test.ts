import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { type QueueBench, queueBench, until } from '../support/queue.ts';
import { startStore } from '../support/store-setup.ts';
import { processState, startPod, type TestPod } from '../support/worker-pod.ts';

const open: { queues?: QueueBench; pod?: TestPod; store?: { stop(): Promise<void> } } = {};

const yamlOf = (worker = '', rest = '') => `
worker: {processes: 2, standby: 1, healthPort: 0, cpuThreads: 1${worker}}
supervision: {beatMs: 50${rest}}
`;

async function setup(yaml = yamlOf(), options: { ready?: boolean; storeUrl?: string } = {}) {
  const { storeUrl, ready = true } = options;
  const queues = storeUrl === undefined ? queueBench() : queueBench('', { url: storeUrl });
  open.queues = queues;
  const pod = await startPod(yaml, { prefix: queues.prefix, ready, ...(storeUrl && { redisUrl: storeUrl }) });
  open.pod = pod;
  const store = await queues.store('patient');
  const add = async (queue: string, name: string, data: unknown, opts = {}): Promise<string> => {
    const result = await store.queue(queue).add([{ name, data: data as never, opts }]);
    if (result.kind !== 'accepted') throw new Error(result.kind);
    return result.ids[0] as string;
  };
  const job = (queue: string, id: string) => store.queue(queue).job(id);
  const until_ = (state: string, queue: string, id: string) =>
    until(async () => (await job(queue, id))?.state === state, `${queue}/${id} is ${state}`);
  return { pod, queues, store, add, job, inState: until_ };
}

/** Pid of the worker process that runs a job; every beat tells how many. */
function busyPid(pod: TestPod): number | undefined {
  const busy = [...pod.heard.beats].find(([, beat]) => beat.busy > 0);
  return pod.heard.hellos.findLast(({ id }) => id === busy?.[0])?.pid;
}

afterEach(async () => {
  await open.pod?.close();
  await open.queues?.close();
  await open.store?.stop();
  for (const key of ['pod', 'queues', 'store'] as const) delete open[key];
});

describe('jobs', () => {
  test('of every lane run to their results', async () => {
    const { add, job, inState } = await setup();
    const result = async (queue: string, name: string, data: unknown) => {
      const id = await add(queue, name, data);
      await inState('completed', queue, id);
      return job(queue, id);
    };
    expect(await result('quick', 'echo', { n: 1 })).toMatchObject({
      result: { data: { n: 1 }, attempt: 1, fence: 1 },
      progress: { half: true },
    });
    expect(await result('mixed', 'sum', [1, 2, 3])).toMatchObject({ result: { sum: 6 } });
    expect(await result('cpu', 'spin', { ms: 20 })).toMatchObject({ result: { turns: true }, progress: 1 });
    expect(await result('alone', 'isolated', { how: 'return' })).toMatchObject({ progress: 'return' });
  });

  test('that run past their timeout fail with job_timeout in every lane, and the lane goes on', async () => {
    const { pod, add, job, inState } = await setup();
    const opts = { timeoutMs: 200 };
    const late = [
      ['slow', await add('slow', 'wait', { ms: 60_000 }, opts)],
      ['slow', await add('slow', 'wait', { ms: 60_000, deaf: true }, opts)],
      ['cpu', await add('cpu', 'spin', { ms: 0 }, opts)],
      ['cpu', await add('cpu', 'spin', { ms: 0 }, opts)],
      ['alone', await add('alone', 'isolated', { how: 'hang' }, opts)],
      ['alone', await add('alone', 'isolated', { how: 'listen' }, opts)],
    ] as const;
    for (const [queue, id] of late) {
      await inState('failed', queue, id);
      expect((await job(queue, id))?.error).toContain('timeout of 200 ms');
    }
    await inState('completed', 'cpu', await add('cpu', 'spin', { ms: 1 }));
    await inState('completed', 'cpu', await add('cpu', 'spin', { ms: 1 }));
    expect(pod.stderr()).toContain('ignores its signal');
    expect(pod.stderr()).toContain('lost its thread');
    expect(pod.heard.exits).toEqual([]);
  });

  test('an isolated handler takes down its own process and nobody else’s', async () => {
    const { pod, add, job, inState } = await setup();
    const crashed = await add('alone', 'isolated', { how: 'abort' });
    const failed = await add('alone', 'isolated', { how: 'fail' }, { attempts: 3 });
    const cancelled = await add('alone', 'isolated', { how: 'cancel' });
    await inState('failed', 'alone', crashed);
    await inState('failed', 'alone', failed);
    await inState('failed', 'alone', cancelled);
    expect((await job('alone', crashed))?.error).toContain('SIGABRT');
    expect(await job('alone', failed)).toMatchObject({ error: 'as told', attemptsMade: 1 });
    expect((await job('alone', cancelled))?.error).toContain('cancelled: as told');
    expect(pod.heard.exits).toEqual([]);
  });

  test('a cpu handler does not starve the event loop of its process', async () => {
    const { pod, add, inState } = await setup();
    const ids = [await add('cpu', 'spin', { ms: 1_500 }), await add('cpu', 'spin', { ms: 1_500 })];
    await until(() => busyPid(pod) !== undefined, 'a beat tells of the job');
    for (const beat of pod.heard.beats.values()) expect(beat.loopDelayMs).toBeLessThan(1_000);
    await inState('completed', 'quick', await add('quick', 'echo', 1));
    await Promise.all(ids.map((id) => inState('completed', 'cpu', id)));
  });
});

describe('deaths', () => {
  test('a killed process’s slot goes to the standby, and its exit is told', async () => {
    const { pod, add, inState } = await setup();
    const { id, pid } = pod.inSlot(1);
    process.kill(pid, 'SIGKILL');
    await until(() => pod.heard.exits.length > 0 && pod.active().length === 2, 'the slot is filled again');
    expect(pod.heard.exits).toMatchObject([{ worker: id, pid, slot: 1, signal: 'SIGKILL', expected: false }]);
    expect(pod.inSlot(1).pid).not.toBe(pid);
    await until(
      () => new Set(pod.heard.hellos.map((hello) => hello.pid)).size === 5,
      'a new standby says hello',
    );
    await inState('completed', 'quick', await add('quick', 'echo', 1));
    expect(pod.heard.podBeats.at(-1)).toMatchObject({ state: 'running', restartsUsed: 1 });
  });

  test.each([
    ['throw', 1, 'Uncaught exception'],
    ['reject', 1, 'nobody awaits me'],
    ['exit', 7, null],
    ['impersonate', 75, null],
  ])('a handler’s stray %s is a crash with its reason in the report', async (how, code, words) => {
    const { pod, add } = await setup();
    await add('bad', 'misbehave', { how });
    await until(() => pod.heard.exits.length > 0, 'the exit is told');
    const [exit] = pod.heard.exits;
    expect(exit).toMatchObject({ code, signal: null, expected: false, fenced: false });
    if (words !== null) expect(exit?.stderrTail.join('\n')).toContain(words);
  });

  test('more crashes than the budget allows end the pod with code 1, orderly', async () => {
    const { pod, add, job } = await setup(yamlOf('', ', intensity: 1, periodMs: 60000'));
    const held = await add('slow', 'wait', { ms: 60_000 });
    await until(() => busyPid(pod) !== undefined, 'a beat tells of the job');
    for (let kills = 1; kills <= 2; kills++) {
      await until(() => pod.active().some((beat) => beat.busy === 0), 'an idle one holds a slot');
      const idle = pod.active().find((beat) => beat.busy === 0);
      process.kill(pod.inSlot(idle?.slot ?? -1).pid, 'SIGKILL');
      await until(() => pod.heard.exits.length >= kills && pod.active().length > 0, 'its exit is told');
    }
    expect(await pod.exit).toEqual({ code: 1, signal: null });
    expect((await job('slow', held))?.state).toBe('waiting');
    expect(pod.stderr()).toContain('More than 1 restarts');
  });

  test('a fenced and frozen process is killed and replaced, at no cost to the budget', async () => {
    const { pod } = await setup(yamlOf('', ', intensity: 0'));
    const { id, pid } = pod.inSlot(0);
    process.kill(pid, 'SIGSTOP');
    pod.links.order(pod.id, { type: 'fenced', worker: id });
    await until(() => pod.heard.exits.length > 0 && pod.active().length === 2, 'it is replaced');
    expect(pod.heard.exits).toMatchObject([{ worker: id, signal: 'SIGKILL', expected: false }]);
    expect(pod.heard.podBeats.at(-1)?.restartsUsed).toBe(0);
  });

  test('with killFenced off the frozen one stays, is replaced, and leaves with code 75 when it wakes', async () => {
    const { pod, store } = await setup(yamlOf('', ', intensity: 0, killFenced: false'));
    const { id, pid } = pod.inSlot(0);
    process.kill(pid, 'SIGSTOP');
    for (const queue of await store.board.queueNames()) await store.supervision.fence(queue, id);
    pod.links.order(pod.id, { type: 'fenced', worker: id });
    await until(() => {
      const others = pod.active().filter((beat) => beat !== pod.heard.beats.get(id));
      return others.length === 2;
    }, 'the slot is filled beside it');
    expect(await processState(pid)).toBe('T');
    process.kill(pid, 'SIGCONT');
    await until(() => pod.heard.exits.length > 0, 'the zombie leaves');
    expect(pod.heard.exits).toMatchObject([{ worker: id, code: 75, fenced: true }]);
    expect(pod.child.exitCode).toBeNull();
  });

  test('a pod’s death takes its processes with it: idle, busy, blocked, isolated', async () => {
    const { pod, add, job, inState } = await setup();
    const alone = await add('alone', 'isolated', { how: 'hang' });
    await until(async () => (await job('alone', alone))?.progress === 'hang', 'the isolated job runs');
    const blocked = await add('bad', 'misbehave', { how: 'block' });
    await inState('active', 'bad', blocked);
    const pids = pod.heard.hellos.filter(({ kind }) => kind === 'worker').map(({ pid }) => pid);
    const children = await Promise.all(pids.map(childPids));
    const all = [...new Set([...pids, ...children.flat()])];
    expect(all.length).toBe(4);
    process.kill(pod.pid, 'SIGKILL');
    await until(
      async () => (await Promise.all(all.map(processState))).every((state) => state === null),
      'all died',
    );
  });
});

/** Direct children of a process. */
async function childPids(pid: number): Promise<number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return list.split(' ').filter(Boolean).map(Number);
}

describe('drain', () => {
  const quick = `${yamlOf()}drain: {timeoutMs: 1500, noticeMs: 500}\n`;

  test('running jobs finish or are handed back uncounted, nothing new starts, exit 0', async () => {
    const { pod, add, job, inState } = await setup(quick);
    const finishing = await add('slow', 'wait', { ms: 800 });
    const listening = await add('slow', 'wait', { ms: 60_000 });
    const deaf = await add('slow', 'wait', { ms: 60_000, deaf: true });
    for (const id of [finishing, listening, deaf]) await inState('active', 'slow', id);
    process.kill(pod.pid, 'SIGTERM');
    // Its processes hear of it a moment after the pod: until then they take.
    const inSlots = () => [...pod.heard.beats.values()].filter(({ slot }) => slot !== null);
    await until(() => inSlots().every(({ state }) => state === 'draining'), 'its processes drain');
    const late = await add('quick', 'echo', 1);
    expect(await pod.exit).toEqual({ code: 0, signal: null });
    expect((await job('slow', finishing))?.state).toBe('completed');
    for (const id of [listening, deaf]) {
      expect(await job('slow', id)).toMatchObject({ state: 'waiting', attemptsMade: 0 });
    }
    expect((await job('quick', late))?.state).toBe('waiting');
    expect(pod.heard.exits.map(({ code, expected }) => ({ code, expected }))).toEqual(
      Array(3).fill({ code: 0, expected: true }),
    );
    expect(pod.heard.byes).toContain(pod.id);
  });

  test('a second SIGTERM hastens it; Ctrl-C’s SIGINT beside the first does not', async () => {
    const { pod, add, job, inState } = await setup(`${yamlOf()}drain: {timeoutMs: 60000, noticeMs: 500}\n`);
    const deaf = await add('slow', 'wait', { ms: 120_000, deaf: true });
    await inState('active', 'slow', deaf);
    process.kill(pod.pid, 'SIGINT');
    process.kill(pod.pid, 'SIGTERM');
    await until(() => pod.heard.podBeats.at(-1)?.state === 'draining', 'the pod drains');
    expect((await job('slow', deaf))?.state).toBe('active');
    process.kill(pod.pid, 'SIGTERM');
    expect(await pod.exit).toEqual({ code: 0, signal: null });
    expect(await job('slow', deaf)).toMatchObject({ state: 'waiting', attemptsMade: 0 });
  });

  test('the launcher’s death is a quick drain', async () => {
    const { pod, add, job, inState } = await setup(`${yamlOf()}drain: {timeoutMs: 60000, noticeMs: 300}\n`);
    const deaf = await add('slow', 'wait', { ms: 120_000, deaf: true });
    await inState('active', 'slow', deaf);
    pod.child.disconnect();
    expect(await pod.exit).toEqual({ code: 0, signal: null });
    expect((await job('slow', deaf))?.state).toBe('waiting');
  });

  test('one process drains on an order, and another takes its slot at once', async () => {
    const { pod, add, inState } = await setup(yamlOf('', ', intensity: 0'));
    const { id } = pod.inSlot(0);
    pod.links.order(id, { type: 'drain', worker: id, by: 'test' });
    pod.links.order(pod.id, { type: 'drain', worker: id, by: 'test' });
    await until(() => pod.heard.exits.length > 0 && pod.active().length === 2, 'it left and was replaced');
    expect(pod.heard.exits).toMatchObject([{ worker: id, code: 0, expected: true, slot: 0 }]);
    await inState('completed', 'quick', await add('quick', 'echo', 1));
  });

  test('a kill order for the pod ends it and its children by SIGKILL', async () => {
    const { pod } = await setup();
    const { pid } = pod.inSlot(0);
    pod.links.order(pod.id, { type: 'kill', worker: pod.id, by: 'test' });
    expect(await pod.exit).toEqual({ code: null, signal: 'SIGKILL' });
    await until(async () => (await processState(pid)) === null, 'its child is dead');
  });
});

describe('starts', () => {
  test('an unfit store is named, and the pod ends with code 78', async () => {
    const unfit = await startStore(['--maxmemory-policy', 'allkeys-lru']);
    open.store = unfit;
    const { pod } = await setup(yamlOf(), { ready: false, storeUrl: `redis://127.0.0.1:${unfit.port}` });
    expect(await pod.exit).toEqual({ code: 78, signal: null });
    expect(pod.stderr()).toContain('noeviction');
  });

  test('an unfit handler directory is named, and the pod ends with code 78', async () => {
    const queues = queueBench();
    open.queues = queues;
    open.pod = await startPod(yamlOf(), { prefix: queues.prefix, ready: false, handlers: '/nowhere' });
    expect(await open.pod.exit).toEqual({ code: 78, signal: null });
    expect(open.pod.stderr()).toContain('/nowhere');
  });

  test('a key file that is not there is named, and the pod ends with code 1', async () => {
    const queues = queueBench();
    open.queues = queues;
    const env = { MILLRACE_LINK_KEY_FILE: '/nowhere/key' };
    open.pod = await startPod(yamlOf(), { prefix: queues.prefix, ready: false, env });
    expect(await open.pod.exit).toEqual({ code: 1, signal: null });
    expect(open.pod.stderr()).toMatch(/^MILLRACE_LINK_KEY_FILE names a file that cannot be read: .*\n$/);
  });

  test('health tells consumption, and an outage of the store is no fault', async () => {
    const own = await startStore();
    open.store = own;
    const { pod, add, inState } = await setup(yamlOf(), { storeUrl: `redis://127.0.0.1:${own.port}` });
    await inState('completed', 'quick', await add('quick', 'echo', 1));
    await until(
      async () => (await pod.get('/metrics')).body.includes('jobs_total{queue="quick",outcome="ok"} 1'),
      'the job is counted',
    );
    await own.stop();
    delete open.store;
    await until(
      async () => (await pod.get('/metrics')).body.includes('millrace_pod_processes 2'),
      'metrics are served without a store',
    );
    expect(await pod.get('/livez')).toEqual({ status: 200, body: '{"ok":true,"faults":[]}' });
    expect((await pod.get('/readyz')).status).toBe(200);
    expect((await pod.get('/nope')).status).toBe(404);
  });
});
