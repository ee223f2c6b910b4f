import { ManualClock, silentLog } from '@millrace/core';
import type { BoundedQueue, QueueSnapshot, Store } from '@millrace/queue';
import { prometheusText } from '@millrace/telemetry';
import { expect, test } from 'vitest';
import { createQueueGauges } from './queue-gauges.ts';

const SNAPSHOT: QueueSnapshot = {
  name: 'mail',
  paused: false,
  counts: {
    ...{ waiting: 3, prioritized: 1, delayed: 2, active: 4 },
    ...{ completed: 5, failed: 6, 'waiting-children': 0 },
  },
  ...{ depth: 6, bound: 10, bytes: 700, maxBytes: 1000, maxDepth: 7, oldestWaitingMs: 1500 },
  ...{ drainPerSecond: 2.5, concurrency: null, refused: 8, circuit: null },
};

function gauges(store: { connected?: boolean; names?: () => Promise<string[]> } = {}) {
  const clock = new ManualClock();
  const stop = new AbortController();
  const state = { leads: true, looks: 0 };
  const names = store.names ?? (async () => ['mail']);
  const made = createQueueGauges({
    store: {
      connected: store.connected ?? true,
      board: { queueNames: names } as unknown as Store['board'],
      queue: (name) =>
        ({
          snapshot: async () => {
            state.looks += 1;
            return { ...SNAPSHOT, name };
          },
        }) as BoundedQueue,
    },
    leads: () => state.leads,
    workers: () => [
      { state: 'running', queues: ['mail', 'other'] },
      { state: 'standby', queues: ['mail'] },
      { state: 'suspect', queues: ['mail'] },
      { state: 'running', queues: ['other'] },
    ],
    clock,
    log: silentLog,
  });
  made.watch(stop.signal).catch(() => {});
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { made, clock, state, stop, turn };
}

test('the leader tells of each queue, in base units', async () => {
  const { made, turn, stop } = gauges();
  await turn();
  const lines = prometheusText(made.families()).split('\n');
  expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
    'millrace_queue_jobs{queue="mail",state="waiting"} 3',
    'millrace_queue_jobs{queue="mail",state="prioritized"} 1',
    'millrace_queue_jobs{queue="mail",state="delayed"} 2',
    'millrace_queue_jobs{queue="mail",state="active"} 4',
    'millrace_queue_jobs{queue="mail",state="completed"} 5',
    'millrace_queue_jobs{queue="mail",state="failed"} 6',
    'millrace_queue_jobs{queue="mail",state="waiting-children"} 0',
    'millrace_queue_workers{queue="mail"} 1',
    'millrace_queue_depth{queue="mail"} 6',
    'millrace_queue_bound{queue="mail"} 10',
    'millrace_queue_bytes{queue="mail"} 700',
    'millrace_queue_max_bytes{queue="mail"} 1000',
    'millrace_queue_oldest_waiting_seconds{queue="mail"} 1.5',
    'millrace_queue_drain_per_second{queue="mail"} 2.5',
    'millrace_queue_paused{queue="mail"} 0',
    'millrace_queue_circuit_open{queue="mail"} 0',
    'millrace_queue_refused_total{queue="mail"} 8',
    'jobqueue_jobs{queue="mail",state="waiting"} 3',
    'jobqueue_jobs{queue="mail",state="prioritized"} 1',
    'jobqueue_jobs{queue="mail",state="delayed"} 2',
    'jobqueue_jobs{queue="mail",state="active"} 4',
    'jobqueue_jobs{queue="mail",state="completed"} 5',
    'jobqueue_jobs{queue="mail",state="failed"} 6',
    'jobqueue_jobs{queue="mail",state="waiting-children"} 0',
    'jobqueue_oldest_waiting_age_seconds{queue="mail"} 1.5',
    'jobqueue_dead_letter_jobs{queue="mail"} 6',
  ]);
  expect(lines).toContain('# TYPE millrace_queue_refused_total counter');
  stop.abort();
});

test('one that does not lead says nothing, and does not ask the store', async () => {
  const { made, state, clock, turn, stop } = gauges();
  await turn();
  state.leads = false;
  expect(made.families()).toEqual([]);
  const looks = state.looks;
  clock.advance(5_000);
  await turn();
  expect(state.looks).toBe(looks);
  stop.abort();
});

test('a picture of 15 s ago is told no more while the store does not answer', async () => {
  let answers = true;
  const names = () => (answers ? Promise.resolve(['mail']) : Promise.reject(new Error('away')));
  const { made, clock, turn, stop } = gauges({ names });
  await turn();
  answers = false;
  for (const step of [5_000, 5_000, 5_000]) {
    clock.advance(step);
    await turn();
    expect(made.families()).not.toEqual([]);
  }
  clock.advance(1);
  expect(made.families()).toEqual([]);
  answers = true;
  clock.advance(4_999);
  await turn();
  expect(made.families()).not.toEqual([]);
  stop.abort();
});

test('nothing is asked of a store that is away', async () => {
  const { made, state, turn, stop } = gauges({ connected: false });
  await turn();
  expect([state.looks, made.families()]).toEqual([0, []]);
  stop.abort();
});
