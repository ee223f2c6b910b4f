import type { DeathCertificate } from '@millrace/core';
import { afterEach, expect, test } from 'vitest';
import { type QueueBench, queueBench, until } from '../support/queue.ts';
import { startPod, type TestPod } from '../support/worker-pod.ts';

const YAML = `
worker: {processes: 1, standby: 1, healthPort: 0, cpuThreads: 1}
supervision: {beatMs: 50, intensity: 20}
`;

const open: { queues?: QueueBench; pod?: TestPod } = {};

/** Signed for a crash, as a supervisor would. */
function certificate(worker: string): DeathCertificate {
  const at = { diedAtMs: Date.now(), certifiedAtMs: Date.now() };
  const seen = { exitCode: 7, exitSignal: null, evidence: [], lastLines: [], beats: [] };
  const memory = { peakRssBytes: null, memoryLimitBytes: null };
  return { worker, pod: 'p', pid: 1, slot: 0, cause: 'crash', blame: 'jobs', ...at, ...seen, ...memory };
}

async function setup(extra = '', env: Record<string, string> = {}) {
  const queues = queueBench(extra);
  open.queues = queues;
  const store = await queues.store('patient');
  const pod = await startPod(`${YAML}${extra}`, { prefix: queues.prefix, env });
  open.pod = pod;
  let reclaimed = 0;
  const deaths = () => pod.heard.exits.filter(({ slot }) => slot !== null);
  return {
    pod,
    store,
    deaths,
    view: (queue: string, id: string) => store.queue(queue).job(id),
    async add(queue: string, name: string, data: unknown): Promise<string> {
      const result = await store.queue(queue).add([{ name, data: data as never, opts: {} }]);
      if (result.kind !== 'accepted') throw new Error(result.kind);
      return result.ids[0] as string;
    },
    /** What a supervisor does for the next dead worker. */
    async recover(list: readonly string[]): Promise<void> {
      await until(() => deaths().length > reclaimed, 'a worker dies', 60_000);
      const { worker } = deaths()[reclaimed++] as { worker: string };
      for (const queue of list) {
        await store.supervision.fence(queue, worker);
        await store.supervision.reclaim(queue, { startId: worker, certificate: certificate(worker) });
      }
    },
  };
}

afterEach(async () => {
  await open.pod?.close();
  await open.queues?.close();
  for (const key of ['pod', 'queues'] as const) delete open[key];
});

const LONG_MS = 90_000;

test(
  'the killer among a worker’s jobs is found out alone; the others finish with no attempt lost',
  async () => {
    const { pod, store, deaths, add, view, recover } = await setup();
    const innocent = await Promise.all([1, 2, 3].map(() => add('slow', 'wait', { ms: 1_500 })));
    await until(() => [...pod.heard.beats.values()].some(({ busy }) => busy === 3), 'three run');
    const killer = await add('bad', 'misbehave', { how: 'exit' });
    await recover(['slow', 'bad']);
    await until(
      async () => (await view('bad', killer))?.state === 'failed',
      'the killer is found out',
      60_000,
    );
    for (const id of innocent) {
      await until(
        async () => (await view('slow', id))?.state === 'completed',
        'an innocent finishes',
        60_000,
      );
      expect(await view('slow', id)).toMatchObject({ attemptsMade: 1 });
    }
    expect(deaths().length).toBe(1);
    const letter = await store.queue('bad').deadLetter(killer);
    expect(letter).toMatchObject({ reason: 'poison' });
    expect(letter?.kills.map(({ isolated, exitCode }) => ({ isolated, exitCode }))).toEqual([
      { isolated: false, exitCode: 7 },
      { isolated: true, exitCode: 7 },
      { isolated: true, exitCode: 7 },
    ]);
  },
  LONG_MS,
);

test(
  'with the quarantine off the killer takes one worker after the other',
  async () => {
    const { deaths, add, recover } = await setup('poison: {quarantine: false}\n');
    await add('bad', 'misbehave', { how: 'exit' });
    for (let kills = 0; kills < 2; kills++) await recover(['bad']);
    await until(() => deaths().length > 2, 'the third worker dies', 60_000);
  },
  LONG_MS,
);

test(
  'a thread that runs out of heap is the only one that dies, and three times make its job poison',
  async () => {
    const { pod, store, deaths, add, view } = await setup('', { NODE_OPTIONS: '--max-old-space-size=48' });
    const killer = await add('leak', 'leak', {});
    await until(
      async () => (await view('leak', killer))?.state === 'failed',
      'the killer is found out',
      40_000,
    );
    const letter = await store.queue('leak').deadLetter(killer);
    expect(letter?.kills.map(({ cause }) => cause)).toEqual(['oom', 'oom', 'oom']);
    expect(letter?.kills[0]).toMatchObject({ isolated: true, peakRssBytes: null });
    // The others ran in processes of their own, where V8 says it and the kernel shows how much.
    expect(letter?.kills[1]?.lastLines.length).toBeGreaterThan(0);
    expect(letter?.kills[1]?.peakRssBytes).toBeGreaterThan(48_000_000);
    expect(letter?.kills.every(({ memoryLimitBytes }) => (memoryLimitBytes ?? 0) > 48_000_000)).toBe(true);
    expect(deaths()).toEqual([]);
    expect(pod.child.exitCode).toBeNull();
  },
  LONG_MS,
);
