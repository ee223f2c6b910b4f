import { ManualClock, silentLog } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { afterEach, expect, test } from 'vitest';
import { createLeadership, type Leadership } from './leadership.ts';

const LEASE_MS = 3_000;

/** A store's lease, by a clock of its own. */
function leaseStore(clock: ManualClock) {
  let holder: { id: string; untilMs: number } | null = null;
  const store = {
    away: false,
    get holder() {
      return holder && holder.untilMs > clock.nowMs() ? holder.id : null;
    },
    lead: async (id: string, leaseMs: number) => {
      if (store.away) throw new Error('the store does not answer');
      if (store.holder !== null && store.holder !== id) return false;
      holder = { id, untilMs: clock.nowMs() + leaseMs };
      return true;
    },
    resign: async (id: string) => {
      if (holder?.id === id) holder = null;
    },
  };
  return store;
}

const stops: Leadership[] = [];
afterEach(() => Promise.all(stops.splice(0).map((each) => each.stop())));

function replica(
  id: string,
  clock: ManualClock,
  board: Parameters<typeof createLeadership>[0]['board'],
  hasPeers = false,
) {
  const turns: string[] = [];
  const leadership = createLeadership({
    ...{ board, id, leaseMs: LEASE_MS, hasPeers, clock, log: silentLog },
    onGain: () => turns.push('gain'),
    onLoss: () => turns.push('loss'),
  });
  stops.push(leadership);
  return Object.assign(leadership, { turns });
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

async function pass(clock: ManualClock, ms: number): Promise<void> {
  await settle();
  for (let step = 0; step < ms; step += 50) {
    clock.advance(50);
    await settle();
  }
}

test('one of two leads, and goes on leading', async () => {
  const clock = new ManualClock();
  const store = leaseStore(clock);
  const [a, b] = [replica('a', clock, store), replica('b', clock, store)];
  await a.start();
  await b.start();
  await pass(clock, 20_000);
  expect([a.leads(), b.leads()]).toEqual([true, false]);
  expect([a.turns, b.turns]).toEqual([['gain'], []]);
});

test('who stops in order is followed at once', async () => {
  const clock = new ManualClock();
  const store = leaseStore(clock);
  const [a, b] = [replica('a', clock, store), replica('b', clock, store)];
  await a.start();
  await b.start();
  await pass(clock, 1_000);
  await a.stop();
  expect(a.turns).toEqual(['gain', 'loss']);
  await pass(clock, 250);
  expect(b.leads()).toBe(true);
});

test('who comes after a leader’s death lets those lead who were there', async () => {
  for (const phaseMs of [0, 50, 100, 150, 200]) {
    const clock = new ManualClock();
    const store = leaseStore(clock);
    await store.lead('dead', 2 * LEASE_MS);
    const follower = replica('follower', clock, store, true);
    await follower.start();
    // The lease runs out between two questions of the follower.
    await pass(clock, LEASE_MS + 1_550);
    await store.lead('dead', LEASE_MS);
    await pass(clock, phaseMs);
    const newcomer = replica('newcomer', clock, store, true);
    await newcomer.start();
    await pass(clock, 2 * LEASE_MS);
    expect([follower.leads(), newcomer.leads()]).toEqual([true, false]);
  }
});

test('who comes after a leader’s death and finds nobody leads all the same', async () => {
  const clock = new ManualClock();
  const store = leaseStore(clock);
  await store.lead('dead', LEASE_MS);
  const newcomer = replica('newcomer', clock, store, true);
  await newcomer.start();
  await pass(clock, LEASE_MS + 1_250);
  expect(newcomer.leads()).toBe(true);
});

test('the store away for less than the lease costs nothing; for longer it costs the lead', async () => {
  const clock = new ManualClock();
  const store = leaseStore(clock);
  const a = replica('a', clock, store);
  await a.start();
  await pass(clock, 1_000);
  store.away = true;
  await pass(clock, 1_500);
  store.away = false;
  await pass(clock, 1_500);
  expect(a.turns).toEqual(['gain']);
  store.away = true;
  await pass(clock, 4_500);
  expect(a.leads()).toBe(false);
  expect(a.turns).toEqual(['gain', 'loss']);
  store.away = false;
  await pass(clock, 1_000);
  expect(a.turns).toEqual(['gain', 'loss', 'gain']);
});

test('who was frozen past its lease does not lead when it wakes, before it asked anybody', async () => {
  const clock = new ManualClock();
  const frozen = new ManualClock();
  const store = leaseStore(clock);
  const a = replica('a', frozen, store);
  const b = replica('b', clock, store);
  await a.start();
  await pass(frozen, 1_000);
  expect(a.leads()).toBe(true);
  await b.start();
  // Only b lives on; what a sees of that time, it sees in one jump.
  await pass(clock, 4_000);
  expect(b.leads()).toBe(true);
  const wakes = { asked: false };
  store.lead = async () => {
    wakes.asked = true;
    return false;
  };
  // Its timers fire in the same jump, but no answer can have come.
  frozen.advance(4_000);
  expect(a.leads()).toBe(false);
  await pass(frozen, 500);
  expect(a.turns).toEqual(['gain', 'loss']);
});

test('a renewal counts from when it was sent, however late it is answered', async () => {
  const clock = new ManualClock();
  let answer: (granted: boolean) => void = () => undefined;
  const board = {
    lead: () =>
      new Promise<boolean>((resolve) => {
        answer = resolve;
      }),
    resign: async () => undefined,
  };
  const a = replica('a', clock, board);
  await a.start();
  await settle();
  clock.advance(LEASE_MS);
  answer(true);
  await settle();
  expect(a.leads()).toBe(false);
  expect(a.turns).toEqual([]);
});

test('a lease lost and won between two looks is told as both', async () => {
  const clock = new ManualClock();
  const store = leaseStore(clock);
  const a = replica('a', clock, store);
  await a.start();
  await settle();
  expect(a.turns).toEqual(['gain']);
  // One long jump: the sleep of a third of the lease fires when the lease is long over.
  let release: () => void = () => undefined;
  const inTime = store.lead;
  store.lead = async (id, leaseMs) => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return inTime(id, leaseMs);
  };
  clock.advance(1_000);
  await settle();
  clock.advance(2_500);
  store.lead = inTime;
  release();
  await pass(clock, 1_500);
  expect(a.turns).toEqual(['gain', 'loss', 'gain']);
});

test('leadership keeps the lifecycle contract', async () => {
  const clock = new ManualClock();
  await lifecycleStress(
    () => replica('a', clock, leaseStore(clock)),
    async (made) => {
      await settle();
      return made.leads();
    },
  );
});
