import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Deed, OtpWorld } from '../../../../tests/support/otp-children.ts';
import { restartsUsed } from './budget.ts';
import { supervise } from './supervise.ts';
import type { ChildSpec, SupervisorSpec } from './types.ts';
import { unanswered } from './unanswered.ts';

const IDS = ['a', 'b', 'c', 'd'] as const;
const REASONS = ['normal', 'shutdown', 'abnormal'] as const;

const specs: fc.Arbitrary<SupervisorSpec> = fc
  .record({
    strategy: fc.constantFrom('one_for_one', 'one_for_all', 'rest_for_one'),
    intensity: fc.nat(4),
    periodMs: fc.constant(1_000),
    backoff: fc.constantFrom(null, { firstMs: 50, maxMs: 400 }),
    children: fc.array(
      fc.record({
        id: fc.constantFrom(...IDS),
        restart: fc.constantFrom('permanent', 'transient', 'temporary'),
        shutdown: fc.constantFrom('brutal_kill', 'infinity', 100),
      }) as fc.Arbitrary<ChildSpec>,
      { maxLength: 4 },
    ),
  })
  .map((spec) => ({
    ...spec,
    children: spec.children.filter(({ id }, i, all) => all.findIndex((c) => c.id === id) === i),
  }));

const ids = fc.constantFrom(...IDS);
const deeds: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('answer' as const),
      ok: fc.integer({ max: 5, min: 0 }).map((n) => n > 0),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('die' as const), id: ids, reason: fc.constantFrom(...REASONS) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('replaced' as const), id: ids }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('rest' as const), ms: fc.constantFrom(0, 30, 400, 1_100) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constantFrom('trial' as const, 'proven' as const, 'resume' as const) }),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('started' as const, 'start-failed' as const, 'replaced' as const)
      .map((type): Deed => ({ type: 'noise', event: { type, id: 'stranger' } })),
  },
);

const stories = fc.tuple(specs, fc.array(deeds, { maxLength: 60 }));
function played(
  spec: SupervisorSpec,
  list: readonly Deed[],
  each: (world: OtpWorld) => void = () => undefined,
): OtpWorld {
  const world = new OtpWorld(spec);
  world.tell({ type: 'start' });
  for (const deed of list) {
    world.do(deed);
    each(world);
  }
  return world;
}
const runs = { numRuns: 1_000 };

test('never more restarts within a period than the intensity, unless it gives up', () => {
  fc.assert(
    fc.property(stories, ([spec, list]) => {
      played(spec, list, ({ state, nowMs }) => {
        if (state.mode === 'running' || state.mode === 'starting') {
          expect(restartsUsed(state, nowMs)).toBeLessThanOrEqual(spec.intensity);
        }
      });
    }),
    runs,
  );
});

test('one by one, as many starts within a period as the intensity allows, counted from the outside', () => {
  const plain = (list: readonly Deed[]) =>
    list.filter(({ type }) => type === 'answer' || type === 'die' || type === 'rest');
  fc.assert(
    fc.property(stories, ([spec, list]) => {
      const world = new OtpWorld({ ...spec, strategy: 'one_for_one' });
      world.tell({ type: 'start' });
      world.quiet();
      world.told.length = 0;
      for (const deed of plain(list)) world.do(deed);
      const startsMs = world.told.filter(({ action }) => action.type === 'start').map(({ atMs }) => atMs);
      const backoffMs = spec.backoff?.maxMs ?? 0;
      // A backoff may move a start that was counted before this period into it.
      for (const endMs of startsMs) {
        const within = startsMs.filter((atMs) => atMs <= endMs && endMs - atMs <= spec.periodMs - backoffMs);
        expect(within.length).toBeLessThanOrEqual(Math.max(spec.intensity, 0));
      }
    }),
    runs,
  );
});

test('whatever happens, in a quiet world every child that is to run runs, or it has escalated', () => {
  fc.assert(
    fc.property(stories, ([spec, list]) => {
      const world = played(spec, list);
      world.quiet();
      const { state, alive } = world;
      if (state.mode === 'escalated') {
        expect(alive.size).toBe(0);
        return;
      }
      if (state.mode === 'trial') {
        expect([...alive]).toEqual([spec.children[0]?.id]);
        return;
      }
      expect(state.mode).toBe('running');
      expect(state.mailbox).toEqual([]);
      for (const { id, restart } of spec.children)
        if (restart === 'permanent') expect(alive.has(id)).toBe(true);
      expect([...alive].sort()).toEqual(
        state.children
          .filter(({ status }) => status === 'running')
          .map(({ id }) => id)
          .sort(),
      );
    }),
    runs,
  );
});

test('whenever it is told to stop, all end in reverse order, and nothing follows', () => {
  fc.assert(
    fc.property(stories, fc.nat(60), ([spec, list], at) => {
      const world = played(spec, list.slice(0, at));
      world.told.length = 0;
      world.tell({ type: 'stop' });
      world.quiet();
      const order = spec.children.map(({ id }) => id);
      const ends = world.told.flatMap(({ action }) =>
        'id' in action ? [order.indexOf(action.id as never)] : [],
      );
      expect(world.told.every(({ action }) => action.type !== 'start')).toBe(true);
      expect(ends).toEqual([...ends].sort((a, b) => b - a));
      expect(world.told.at(-1)?.action).toEqual({ type: 'stopped' });
      expect(world.alive.size).toBe(0);
      const after = world.state;
      for (const deed of list) world.do(deed);
      expect(world.told.at(-1)?.action).toEqual({ type: 'stopped' });
      expect(world.state).toEqual(after);
    }),
    runs,
  );
});

test('strangers change nothing, and who takes a saved state over finds every order that is not answered', () => {
  fc.assert(
    fc.property(stories, ([spec, list]) => {
      played(spec, list, ({ state, starting, ending, nowMs, wakeMs }) => {
        const stranger = supervise(state, { type: 'exited', id: 'stranger', reason: 'abnormal' }, nowMs);
        expect(stranger).toEqual({ state, actions: [] });
        const open = unanswered(state);
        const orders = open.flatMap((action) => ('id' in action ? [action.id] : []));
        expect(new Set(orders)).toEqual(new Set([starting, ending].filter((id) => id !== null)));
        if (state.waiting.length > 0) expect(wakeMs).not.toBeNull();
      });
    }),
    runs,
  );
});
