import { describe, expect, test } from 'vitest';
import { currentScaling, type PoolScaling, type QueueDemand, scalePool, slotsWanted } from './scaling.ts';

const rules = { backlogMs: 5_000, serviceMs: 1_000, slotsPerPod: () => 16 };
const demand = (part: Partial<QueueDemand> = {}): QueueDemand => ({
  ...{ queue: 'q', waiting: 0, delayedDue: 0, active: 0, paused: false, concurrency: null, serviceMs: 200 },
  ...part,
});
const desired = (...parts: Partial<QueueDemand>[]) => scalePool('p', parts.map(demand), rules, 1).desired;

describe('the number of pods that is desired', () => {
  test.each([
    ['nothing to do', [], 0],
    ['an empty queue', [{}], 0],
    ['one job waits', [{ waiting: 1 }], 1],
    ['one job runs: a busy pool never goes to zero', [{ active: 1 }], 1],
    ['3,000 jobs of 200 ms within 5 s are 120 slots', [{ waiting: 3_000 }], 8],
    ['short jobs need few', [{ waiting: 3_000, serviceMs: 1 }], 1],
    ['long ones need no more slots than there are jobs', [{ waiting: 20, serviceMs: 600_000 }], 2],
    ['what runs counts beside what waits', [{ active: 16, waiting: 1 }], 2],
    ['what is due soon counts', [{ delayedDue: 1 }], 1],
    ['a queue that never ran is taken at the assumed length', [{ waiting: 100, serviceMs: null }], 2],
    ['what waits in a paused queue asks for nobody', [{ waiting: 500, paused: true }], 0],
    ['what runs in a paused queue keeps its pods', [{ waiting: 500, paused: true, active: 17 }], 2],
    ['a queue that may run 4 jobs at once needs no 8 pods', [{ waiting: 3_000, concurrency: 4 }], 1],
    ['slots belong to a queue: the hungriest decides', [{ waiting: 3_000 }, { queue: 'r', active: 5 }], 8],
  ] as const)('%s', (_, parts, pods) => {
    expect(desired(...parts)).toBe(pods);
  });

  test('more to do never means fewer pods', () => {
    for (let waiting = 0; waiting < 400; waiting += 7) {
      for (let active = 0; active < 40; active += 3) {
        const now = slotsWanted(demand({ waiting, active }), rules);
        expect(slotsWanted(demand({ waiting: waiting + 1, active }), rules)).toBeGreaterThanOrEqual(now);
        expect(slotsWanted(demand({ waiting, active: active + 1 }), rules)).toBeGreaterThan(now);
      }
    }
  });
});

test('the answer says what it was made of', () => {
  const scaling = scalePool('p', [demand({ waiting: 90, serviceMs: null, active: 2 })], rules, 7);
  expect(scaling).toEqual({
    ...{ pool: 'p', desired: 2, waiting: 90, delayedDue: 0, active: 2, concurrency: 16, serviceMs: 1_000 },
    ...{ serviceKnown: false, queues: ['q'], atMs: 7 },
  });
});

describe('the leader’s number and the counts of now', () => {
  const at = (pods: number, atMs: number): PoolScaling => ({
    ...scalePool('p', [], rules, atMs),
    desired: pods,
  });

  test('nobody has written one: the counts', () => {
    expect(currentScaling(null, at(3, 1)).desired).toBe(3);
  });

  test('fresh: as it was written', () => {
    expect(currentScaling(at(6, 1_000), at(2, 16_000)).desired).toBe(6);
    expect(currentScaling(at(2, 1_000), at(6, 16_000)).desired).toBe(2);
  });

  test('old: it may rise, never fall, and says how old it is', () => {
    expect(currentScaling(at(6, 1_000), at(2, 16_001))).toMatchObject({ desired: 6, atMs: 1_000 });
    expect(currentScaling(at(2, 1_000), at(6, 16_001)).desired).toBe(6);
  });
});
