import { type Outcome, silentLog } from '@millrace/core';
import { expect, test } from 'vitest';
import type { LaneRun } from './lane.ts';
import { createQuarantine } from './quarantine.ts';

function setup(slots?: number) {
  const inside: { id: string; finish: (outcome: Outcome) => void }[] = [];
  const isolated = {
    run: ({ job }: LaneRun) =>
      new Promise<Outcome>((finish) => {
        inside.push({ id: job.id, finish });
      }),
  };
  const lane = createQuarantine(isolated, silentLog, slots);
  const offer = (id: string, toldBefore?: Error) => {
    const told = new AbortController();
    if (toldBefore) told.abort(toldBefore);
    const abandoned = new AbortController();
    const run = { job: { id, queue: 'q' }, handler: { name: 'job' }, signal: told.signal };
    return { told, abandoned, outcome: lane.run({ ...run, abandon: abandoned.signal } as LaneRun) };
  };
  return { inside, offer, ids: () => inside.map(({ id }) => id) };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const ok: Outcome = { kind: 'ok', value: 1 };

test('two run at once, the others in the order in which they came', async () => {
  const { inside, offer, ids } = setup();
  const runs = ['1', '2', '3', '4'].map((id) => offer(id));
  await turn();
  expect(ids()).toEqual(['1', '2']);
  inside[1]?.finish(ok);
  await turn();
  expect(ids()).toEqual(['1', '2', '3']);
  inside[0]?.finish(ok);
  inside[2]?.finish(ok);
  await turn();
  inside[3]?.finish(ok);
  expect(await Promise.all(runs.map(({ outcome }) => outcome))).toEqual([ok, ok, ok, ok]);
});

test.each(['told', 'abandoned'] as const)('who is %s while it waits never begins', async (how) => {
  const { inside, offer, ids } = setup(1);
  offer('1');
  const second = offer('2');
  offer('3');
  await turn();
  const reason = new Error('drain');
  second[how].abort(reason);
  expect(await second.outcome).toEqual({ kind: 'fail', error: reason, retry: true });
  inside[0]?.finish(ok);
  await turn();
  expect(ids()).toEqual(['1', '3']);
});

test('who was told before it came never begins either', async () => {
  const { offer, ids } = setup(1);
  const reason = new Error('drain');
  expect(await offer('1', reason).outcome).toMatchObject({ kind: 'fail', error: reason });
  expect(ids()).toEqual([]);
});

test('who is told at the very moment of its turn keeps the turn, and the slot comes back', async () => {
  const { inside, offer, ids } = setup(1);
  offer('1');
  const second = offer('2');
  offer('3');
  await turn();
  inside[0]?.finish(ok);
  second.told.abort(new Error('drain'));
  await turn();
  inside[1]?.finish(ok);
  await turn();
  expect(ids()).toContain('3');
});
