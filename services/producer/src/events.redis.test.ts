import {
  type ClusterStatus,
  ManualClock,
  type PoolStatus,
  type Recovery,
  silentLog,
  systemClock,
} from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';
import { until } from '../../../tests/support/queue.ts';
import { createEventHub } from './events/hub.ts';
import { recoveryView } from './tracing/death-traces.ts';

let bench: ProducerBench;
beforeEach(async () => {
  bench = await producerBench();
});
afterEach(() => bench.close());

/** Listens until `stop`; frames as [event, data]. */
async function listen() {
  const abort = new AbortController();
  const response = await fetch(`${bench.url}/v1/events`, { signal: abort.signal });
  const frames: [string, unknown][] = [];
  const reading = (async () => {
    let rest = '';
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      rest += new TextDecoder().decode(chunk);
      const parts = rest.split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const [, event, data] = /^event: (\w+)\ndata: (.*)$/s.exec(part) ?? [];
        if (event && data) frames.push([event, JSON.parse(data)]);
      }
    }
    return 'ended';
  })().catch(() => 'cut');
  return {
    response,
    frames,
    of: (event: string) => frames.filter(([name]) => name === event).map(([, data]) => data),
    ended: reading,
    stop: () => abort.abort(),
  };
}

const recovery = (id: string, state: Recovery['state']): Recovery => ({
  id,
  certificate: {
    worker: id,
    pod: 'pod',
    pid: 1,
    slot: 0,
    cause: 'killed',
    blame: 'unknown',
    exitCode: null,
    exitSignal: 'SIGKILL',
    diedAtMs: 1,
    certifiedAtMs: 2,
    evidence: [],
    lastLines: [],
    peakRssBytes: null,
    memoryLimitBytes: null,
    beats: [],
  },
  diedAtMs: 1,
  detectMs: 1,
  fenceMs: 2,
  reclaimMs: 3,
  respawnMs: null,
  firstOrphanMs: null,
  lastOrphanMs: null,
  orphans: {},
  state,
});

test('queues come at once, on every change, and every second without one', async () => {
  const listener = await listen();
  expect(listener.response.headers.get('content-type')).toBe('text/event-stream');
  await until(() => listener.of('queues').length > 0, 'the first picture');
  await bench.post('work', { name: 'x' });
  const depths = () =>
    listener.of('queues').map((data) => {
      const { queues } = data as { queues: { name: string; depth: number }[] };
      return queues.find(({ name }) => name === 'work')?.depth;
    });
  await until(() => depths().includes(1), 'the change is told');
  await until(() => depths().length >= 5, 'it is told again');
  listener.stop();
});

test('a recovery is told when it begins and when it goes on, old ones are not', async () => {
  await bench.store.board.saveRecovery(recovery('old', 'done'));
  const listener = await listen();
  await until(() => listener.of('queues').length > 0, 'it has looked');
  await bench.store.board.saveRecovery(recovery('new', 'running'));
  await until(() => listener.of('recovery').length === 1, 'the beginning is told');
  await bench.store.board.saveRecovery(recovery('new', 'done'));
  await until(() => listener.of('recovery').length === 2, 'the end is told');
  expect(listener.of('recovery')).toMatchObject([
    { id: 'new', state: 'running' },
    { id: 'new', state: 'done' },
  ]);
  listener.stop();
});

test('pools are told when they change, and to whoever comes later; not with every beat', async () => {
  const pool: PoolStatus = {
    name: 'default',
    state: 'running',
    strategy: 'one_for_one',
    restart: 'permanent',
    desired: 1,
    pods: 1,
    queues: ['work'],
    restarts: { used: 0, intensity: 5, periodMs: 30_000 },
    circuit: null,
  };
  const publish = (pools: readonly PoolStatus[]) => {
    const atMs = systemClock.nowMs();
    const supervisor = { id: 'sup', pid: 1, startedAtMs: atMs, leader: true };
    const status: ClusterStatus = { atMs, supervisor, pods: [], workers: [], pools };
    return bench.store.board.publishStatus(status);
  };
  const circuit = { pool: 'default', reason: 'Six deaths in 30 s.', sinceMs: 1, retryAtMs: null };
  await publish([pool]);
  const listener = await listen();
  await until(() => listener.of('pools').length === 1, 'the pools are told');
  await publish([pool]);
  await until(() => listener.of('workers').length === 2, 'the next picture is told');
  await publish([{ ...pool, state: 'open', pods: 0, circuit }]);
  await until(() => listener.of('pools').length === 2, 'the circuit is told');
  expect(listener.of('pools')).toMatchObject([
    { pools: [{ state: 'running', circuit: null }] },
    { pools: [{ state: 'open', circuit }] },
  ]);
  const later = await listen();
  await until(() => later.of('pools').length > 0, 'the same is told');
  expect(later.of('pools')[0]).toEqual(listener.of('pools')[1]);
  listener.stop();
  later.stop();
});

test('a later listener gets the present picture; the end of the process ends all', async () => {
  const first = await listen();
  await until(() => first.of('queues').length > 0, 'the first picture');
  const second = await listen();
  await until(() => second.of('queues').length > 0, 'the same picture');
  await bench.producer.stop();
  expect(await first.ended).toBe('ended');
  expect(await second.ended).toBe('ended');
});

const view = (recovery: Recovery) => recoveryView(recovery, { linkOf: () => ({}) });

test('nothing is read from the store while nobody listens', async () => {
  let looks = 0;
  const clock = new ManualClock();
  const hub = createEventHub({
    clock,
    log: silentLog,
    board: { status: async () => null, recoveries: async () => [] },
    snapshots: async () => {
      looks++;
      return [];
    },
    recoveryView: view,
  });
  await hub.start();
  clock.advance(10_000);
  expect(looks).toBe(0);
  await hub.stop();
});

test('keeps the lifecycle contract', async () => {
  await lifecycleStress(
    () =>
      createEventHub({
        clock: new ManualClock(),
        log: silentLog,
        board: bench.store.board,
        snapshots: async () => [],
        recoveryView: view,
      }),
    // It has nothing of its own that runs before somebody listens; its promise is to end the listeners.
    (hub) => hub.isOpen,
  );
});
