import { isMillraceError, newStartId } from '@millrace/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  certificateOf,
  gate,
  jobs,
  type QueueBench,
  queueBench,
  until,
} from '../../../tests/support/queue.ts';
import { type Safeguard, switchOff } from '../../../tests/support/safeguards.ts';
import type { LedgerEntry } from './types/queue.ts';
import type { Store } from './types/store.ts';

/*
 * Each safeguard of the store switched off once, to see the harm that it keeps away: what these tests expect with it
 * off is what must never be with it on.
 */
let bench: QueueBench;
let store: Store;
let switchOn: () => void;
beforeEach(() => {
  switchOn = () => undefined;
});
afterEach(async () => {
  switchOn();
  await bench.close();
});

async function without(...safeguards: readonly Safeguard[]): Promise<void> {
  switchOn = switchOff(...safeguards);
  bench = queueBench();
  store = await bench.store('patient');
}

/** A start that holds a job, with room for `room` more, then is declared dead: it knows nothing of it. */
async function zombie(room: number) {
  const hold = gate();
  const startId = newStartId('pod');
  await store.queue('work').add(jobs(1));
  const consumer = bench.consumer({ startId, concurrency: 1 + room, run: hold.run });
  await consumer.start();
  await until(() => hold.started.size === 1, 'it holds its job');
  await store.supervision.fence('work', startId);
  return { startId, hold, consumer, job: () => [...hold.started.values()][0] };
}

async function commitsSince(cursor: string): Promise<readonly LedgerEntry[]> {
  const { entries } = await store.queue('work').readLedger('test', cursor, 100);
  return entries.filter(({ outcome }) => outcome === 'completed');
}

describe.each([
  ['on', []],
  ['off', ['fence']],
] as const)('a zombie with the fence %s', (_state, off) => {
  const isOff = off.length > 0;

  test(isOff ? 'reports progress and writes logs' : 'reports nothing', async () => {
    await without(...off);
    const { job } = await zombie(0);
    const calls = [job()?.job.progress({ at: 1 }), job()?.job.log('a line')];
    for (const settled of await Promise.allSettled(calls)) {
      if (isOff) expect(settled.status).toBe('fulfilled');
      else expect(settled).toSatisfy(({ reason }) => isMillraceError(reason, 'fenced'));
    }
  });

  test(isOff ? 'takes jobs' : 'takes nothing', async () => {
    await without(...off);
    const { hold, startId } = await zombie(1);
    await store.queue('work').add(jobs(1));
    await until(
      async () => hold.started.size === 2 || (await store.supervision.refusalsOf(['work'], startId)) > 0,
      'it has tried',
    );
    expect(hold.started.size).toBe(isOff ? 2 : 1);
  });
});

describe.each([
  ['with the fence and the lock check', []],
  ['without the fence', ['fence']],
  ['without the lock check', ['lock']],
  ['with neither', ['fence', 'lock']],
] as const)('a commit after the job ran elsewhere, %s', (_name, off) => {
  const commits = off.length === 2 ? 2 : 1;

  test(commits === 2 ? 'is a duplicate' : 'is refused', async () => {
    await without(...off);
    const { cursor } = await store.queue('work').registerReader('test');
    const { startId, hold, consumer } = await zombie(0);
    const certificate = certificateOf(startId, { cause: 'killed' });
    await store.supervision.reclaim('work', { startId, certificate });
    const settled: string[] = [];
    await bench.consumer({ run: async (job) => ({ kind: 'ok', value: settled.push(job.id) }) }).start();
    await until(async () => (await commitsSince(cursor)).length === 1, 'the living has committed');
    hold.finishAll({ kind: 'ok', value: 'the zombie’s' });
    await consumer.idle();
    expect(await commitsSince(cursor)).toHaveLength(commits);
  });
});
