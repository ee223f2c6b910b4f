import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keepPool, newPool, type PoolAction, type PoolEvent } from './pool.ts';

const limits = { intensity: 2, periodMs: 10_000 };

/** A pool that lives through events; `ids` counts the pods it made. */
function live(desired = 1, own = limits) {
  let state = newPool('default', desired);
  let made = 0;
  return {
    get state() {
      return state;
    },
    step(nowMs: number, event: PoolEvent = { type: 'tick' }): readonly PoolAction[] {
      const step = keepPool(state, event, nowMs, own, () => `default-${made++}`);
      state = step.state;
      return step.actions;
    },
  };
}

const exited = (pod: string, expected = false): PoolEvent => ({ type: 'exited', pod, expected });

test('an empty cluster gets all pods at once, and that costs nothing of the budget', () => {
  const pool = live(3);
  expect(pool.step(0, { type: 'listed', pods: [] })).toHaveLength(3);
  expect(pool.state.restarts).toEqual([]);
});

test('pods that are there already are adopted, surplus ones removed', () => {
  const pool = live(2);
  expect(pool.step(0, { type: 'listed', pods: ['a', 'b', 'c'] })).toEqual([{ type: 'remove', pod: 'c' }]);
  expect(pool.step(10, exited('c', true))).toEqual([]);
});

test('the first death is replaced at once, the next after a while, the one over the budget never', () => {
  const pool = live();
  pool.step(0, { type: 'listed', pods: ['a'] });
  expect(pool.step(100, exited('a'))).toEqual([{ type: 'create', pod: 'default-0' }]);
  expect(pool.step(200, exited('default-0'))).toEqual([]);
  expect(pool.step(399)).toEqual([]);
  expect(pool.step(400)).toEqual([{ type: 'create', pod: 'default-1' }]);
  expect(pool.step(500, exited('default-1'))).toEqual([{ type: 'give-up' }]);
  expect(pool.step(60_000)).toEqual([]);
  expect(pool.state).toMatchObject({ spent: true, pods: [] });
});

test('deaths that lie a period apart never spend the budget', () => {
  const pool = live();
  pool.step(0, { type: 'listed', pods: ['x'] });
  for (let round = 0, pod = 'x'; round < 20; round++) {
    const [action] = pool.step((round + 1) * 10_000, exited(pod));
    expect(action?.type).toBe('create');
    if (action?.type === 'create') pod = action.pod;
  }
});

test('a pod that was told to end is replaced and costs nothing', () => {
  const pool = live();
  pool.step(0, { type: 'listed', pods: ['a'] });
  expect(pool.step(1, exited('a', true))).toEqual([{ type: 'create', pod: 'default-0' }]);
  expect(pool.state.restarts).toEqual([]);
});

test('a stranger’s end changes nothing', () => {
  const pool = live();
  pool.step(0, { type: 'listed', pods: ['a'] });
  expect(pool.step(1, exited('other'))).toEqual([]);
});

test('whatever happens, pods and debts together are never more than desired, and without spending never fewer', () => {
  fc.assert(
    fc.property(
      fc.nat(5),
      fc.array(fc.tuple(fc.nat(3_000), fc.nat(6), fc.boolean(), fc.boolean()), { maxLength: 80 }),
      (desired, steps) => {
        const pool = live(desired);
        pool.step(0, { type: 'listed', pods: [] });
        let nowMs = 0;
        for (const [gap, which, expected, tick] of steps) {
          nowMs += gap;
          const pod = pool.state.pods[which] ?? 'nobody';
          pool.step(nowMs, tick ? { type: 'tick' } : exited(pod, expected));
          const total = pool.state.pods.length + pool.state.owedMs.length;
          expect(total).toBeLessThanOrEqual(desired);
          if (!pool.state.spent) expect(total).toBe(desired);
        }
      },
    ),
  );
});
