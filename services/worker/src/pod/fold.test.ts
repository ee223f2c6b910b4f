import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EXIT } from '../ipc.ts';
import { decide } from './fold.ts';
import {
  newPod,
  type PodAction,
  type PodEvent,
  type PodSettings,
  type PodState,
  serves,
} from './pod-state.ts';

const settings: PodSettings = {
  processes: 2,
  standby: 1,
  killFenced: true,
  intensity: 2,
  periodMs: 1_000,
  backoff: null,
  drain: { timeoutMs: 500, noticeMs: 100 },
};

/** Plays events against the fold; forks are answered at once with the ids c0, c1 … */
function play(overrides: Partial<PodSettings> = {}) {
  const applied = { ...settings, ...overrides };
  let state: PodState = newPod(applied);
  let forks = 0;
  const step = (event: PodEvent, nowMs = 0): readonly PodAction[] => {
    const decision = decide(state, event, nowMs, applied);
    state = decision.state;
    for (const action of decision.actions) {
      if (action.type === 'refill-in' && action.ms === 0) step({ type: 'refill' }, nowMs);
      if (action.type !== 'fork') continue;
      for (let i = 0; i < action.count; i++) step({ type: 'forked', id: `c${forks++}` }, nowMs);
    }
    return decision.actions;
  };
  return {
    step,
    state: () => state,
    mode: (id: string) => state.children.find((child) => child.id === id)?.mode,
  };
}

/** A pod whose slots 0 and 1 are held by c0 and c1, with c2 warm. */
function running(overrides: Partial<PodSettings> = {}) {
  const pod = play(overrides);
  pod.step({ type: 'start' });
  for (const id of ['c0', 'c1', 'c2']) pod.step({ type: 'ready', id });
  return pod;
}

const crash = (id: string): PodEvent => ({ type: 'exited', id, code: null });

test('slots go to whoever is ready first; who comes later waits as a standby', () => {
  const pod = play();
  expect(pod.step({ type: 'start' })).toEqual([{ type: 'fork', count: 3 }]);
  expect(pod.step({ type: 'ready', id: 'c2' })).toEqual([{ type: 'activate', id: 'c2', slot: 0 }]);
  expect(pod.state().mode).toBe('starting');
  expect(pod.step({ type: 'ready', id: 'c0' })).toEqual([{ type: 'activate', id: 'c0', slot: 1 }]);
  expect(pod.state().mode).toBe('running');
  expect(pod.step({ type: 'ready', id: 'c1' })).toEqual([]);
  expect(pod.mode('c1')).toBe('standby');
});

test('a standby takes the dead one’s slot, and the next is forked when the orphans run again', () => {
  const pod = running();
  expect(pod.step(crash('c1'))).toEqual([
    { type: 'activate', id: 'c2', slot: 1 },
    { type: 'refill-in', ms: 1_000 },
  ]);
  expect(pod.step({ type: 'refill' }, 300)).toEqual([{ type: 'refill-in', ms: 700 }]);
  expect(pod.step({ type: 'recovered', id: 'stranger' }, 350)).toEqual([]);
  expect(pod.step({ type: 'recovered', id: 'c1' }, 400)).toEqual([{ type: 'refill-in', ms: 0 }]);
  expect(pod.state().children.map(({ id }) => id)).toEqual(['c0', 'c2', 'c3']);
});

test('whoever is never told that the orphans run forks a second after the death', () => {
  const pod = running();
  pod.step(crash('c1'));
  expect(pod.step({ type: 'refill' }, 1_000)).toEqual([{ type: 'fork', count: 1 }]);
});

test('of two deaths the later recovery counts; a slot that nobody holds waits for neither', () => {
  const pod = running({ standby: 2, intensity: 5 });
  pod.step({ type: 'ready', id: 'c3' });
  pod.step(crash('c0'));
  pod.step(crash('c1'), 10);
  expect(pod.step({ type: 'recovered', id: 'c0' }, 20)).toEqual([{ type: 'refill-in', ms: 990 }]);
  expect(pod.step(crash('c2'), 30)).toEqual([{ type: 'refill-in', ms: 0 }]);
  expect(pod.state().children.map(({ id }) => id)).toEqual(['c3', 'c4']);
  for (const id of ['c1', 'c2']) pod.step({ type: 'recovered', id }, 40);
  expect(pod.state().children).toHaveLength(4);
});

test('a standby that dies left no orphans: the next is forked at once', () => {
  expect(running().step(crash('c2'))).toEqual([{ type: 'refill-in', ms: 0 }]);
});

test('a refill forks what is missing at its time, so that two of them fork no more than one', () => {
  const pod = play();
  pod.step({ type: 'refill' });
  expect(pod.state().children).toHaveLength(3);
  expect(pod.step({ type: 'refill' })).toEqual([]);
});

test('without a warm standby the slot goes to the first that is ready', () => {
  const pod = running();
  pod.step(crash('c2'));
  pod.step(crash('c0'), 10);
  expect(pod.step({ type: 'ready', id: 'c3' }, 20)[0]).toEqual({ type: 'activate', id: 'c3', slot: 0 });
});

test('one crash more than the intensity within the period drains the pod quickly and fails it', () => {
  const pod = running();
  pod.step(crash('c0'), 0);
  pod.step(crash('c1'), 1);
  const actions = pod.step(crash('c2'), 2);
  expect(pod.state()).toMatchObject({ mode: 'failed', exitCode: 1 });
  expect(actions.map(({ type }) => type)).toEqual(['drain', 'await-deadline']);
  expect(pod.step({ type: 'exited', id: 'c3', code: 0 })).toEqual([{ type: 'end', code: 1 }]);
});

const SLOW = { intensity: 5, periodMs: 30_000, backoff: { firstMs: 200, maxMs: 5_000 } };

test('a loop of crashes is forked at once the first time, and then ever more slowly, until the budget is spent', () => {
  const pod = play({ processes: 1, standby: 0, ...SLOW });
  pod.step({ type: 'start' });
  expect(pod.step(crash('c0'))).toEqual([{ type: 'refill-in', ms: 0 }]);
  for (const [restart, waitMs] of [200, 400, 800, 1_600].entries()) {
    const atMs = 1_000 * restart;
    expect(pod.step(crash(`c${restart + 1}`), atMs)).toEqual([{ type: 'refill-in', ms: waitMs }]);
    expect(pod.step({ type: 'refill' }, atMs + waitMs - 1)).toEqual([{ type: 'refill-in', ms: 1 }]);
    expect(pod.step({ type: 'refill' }, atMs + waitMs)).toEqual([{ type: 'fork', count: 1 }]);
  }
  pod.step(crash('c5'), 5_000);
  expect(pod.state().mode).toBe('failed');
});

test('of several that crash at once each waits for itself', () => {
  const pod = play({ processes: 2, standby: 1, ...SLOW });
  pod.step({ type: 'start' });
  for (const id of ['c0', 'c1', 'c2']) pod.step(crash(id));
  expect(pod.state().children.map(({ id }) => id)).toEqual(['c3']);
  expect(pod.step({ type: 'refill' }, 200)).toEqual([
    { type: 'fork', count: 1 },
    { type: 'refill-in', ms: 200 },
  ]);
  expect(pod.step({ type: 'refill' }, 400)).toEqual([{ type: 'fork', count: 1 }]);
});

test('a standby takes a slot at once however many have died: only the next standby waits', () => {
  const pod = running(SLOW);
  pod.step(crash('c0'));
  pod.step({ type: 'recovered', id: 'c0' }, 10);
  pod.step({ type: 'ready', id: 'c3' }, 20);
  expect(pod.step(crash('c1'), 30)).toEqual([
    { type: 'activate', id: 'c3', slot: 1 },
    { type: 'refill-in', ms: 200 },
  ]);
  expect(pod.step({ type: 'recovered', id: 'c1' }, 40)).toEqual([{ type: 'refill-in', ms: 190 }]);
  expect(pod.step({ type: 'refill' }, 230)).toEqual([{ type: 'fork', count: 1 }]);
});

test('an end that costs no budget waits for no pause', () => {
  const pod = running({ ...SLOW, standby: 0 });
  pod.step(crash('c0'));
  pod.step(crash('c1'), 10);
  pod.step({ type: 'leaving', id: 'c2' }, 20);
  expect(pod.state().children.map(({ id }) => id)).toEqual(['c2', 'c3']);
  pod.step({ type: 'refill' }, 210);
  expect(pod.state().children.map(({ id }) => id)).toEqual(['c2', 'c3', 'c4']);
});

test('crashes that are a period apart never spend the budget', () => {
  const pod = running();
  for (let i = 0; i < 20; i++) {
    const [oldest] = pod.state().children;
    pod.step(crash(oldest?.id ?? ''), i * 1_000);
  }
  expect(pod.state().mode).not.toBe('failed');
});

test.each([
  ['fence-child', 'kill', 1_000],
  ['kill-child', 'kill', 1_000],
  ['drain-child', 'drain', 0],
] as const)('%s gives the slot away at once, and the exit costs no budget', (type, action, waitMs) => {
  const pod = running({ intensity: 0 });
  const [order, ...others] = pod.step({ type, id: 'c0' });
  expect(order).toMatchObject({ type: action, id: 'c0' });
  expect(others).toEqual([
    { type: 'activate', id: 'c2', slot: 0 },
    { type: 'refill-in', ms: waitMs },
  ]);
  expect(pod.step(crash('c0')).some((next) => next.type !== 'refill-in')).toBe(false);
  expect(pod.state().mode).toBe('running');
});

test.each([
  ['found itself fenced', 'fenced', EXIT.fenced],
  ['lost its store', 'leaving', EXIT.storeAway],
] as const)('a start that %s, said so and left is outside the budget', (_, type, code) => {
  const pod = running({ intensity: 0 });
  pod.step({ type, id: 'c0' });
  pod.step({ type: 'exited', id: 'c0', code });
  expect(pod.state().mode).toBe('running');
  pod.step(crash('c1'));
  expect(pod.state().mode).toBe('failed');
});

test.each([EXIT.storeAway, EXIT.fenced])(
  'the code %i is believed of nobody who did not say so before: a handler may choose it',
  (code) => {
    const pod = running({ intensity: 0 });
    pod.step({ type: 'exited', id: 'c0', code });
    expect(pod.state().mode).toBe('failed');
  },
);

test('who finds itself fenced gives its slot away at its word, and is not killed: it exits', () => {
  expect(running().step({ type: 'fenced', id: 'c0' })).toEqual([
    { type: 'activate', id: 'c2', slot: 0 },
    { type: 'refill-in', ms: 1_000 },
  ]);
});

test('with killFenced off a fenced child is replaced and left alone', () => {
  expect(running({ killFenced: false }).step({ type: 'fence-child', id: 'c0' })).toEqual([
    { type: 'activate', id: 'c2', slot: 0 },
    { type: 'refill-in', ms: 1_000 },
  ]);
});

test('a start that is refused ends a pod that never ran, and is an ordinary crash to one that did', () => {
  const fresh = play();
  fresh.step({ type: 'start' });
  fresh.step({ type: 'exited', id: 'c0', code: EXIT.refused });
  expect(fresh.state()).toMatchObject({ mode: 'failed', exitCode: EXIT.refused });
  const old = running();
  old.step({ type: 'exited', id: 'c2', code: EXIT.refused });
  expect(old.state().mode).toBe('running');
  // One that has started may have a handler that chooses that code.
  const half = play();
  half.step({ type: 'start' });
  half.step({ type: 'ready', id: 'c0' });
  half.step({ type: 'exited', id: 'c0', code: EXIT.refused });
  expect(half.state().mode).toBe('starting');
});

test('a drain tells every child, forks none, and ends with the last of them', () => {
  const pod = running();
  expect(pod.step({ type: 'drain', timeoutMs: 500 })).toEqual([
    ...['c0', 'c1', 'c2'].map((id) => ({ type: 'drain', id, timeoutMs: 500, noticeMs: 100 })),
    { type: 'await-deadline', ms: 4_500 },
  ]);
  expect(pod.step({ type: 'exited', id: 'c0', code: 0 })).toEqual([]);
  expect(pod.step(crash('c1'))).toEqual([]);
  expect(pod.step({ type: 'exited', id: 'c2', code: 0 })).toEqual([{ type: 'end', code: 0 }]);
});

test('a drain said again hastens; at its deadline what is left is killed', () => {
  const pod = running();
  pod.step({ type: 'drain', timeoutMs: 500 });
  expect(pod.step({ type: 'drain', timeoutMs: 0 }).at(0)).toEqual({
    type: 'drain',
    id: 'c0',
    timeoutMs: 0,
    noticeMs: 0,
  });
  expect(pod.step({ type: 'deadline' }).map(({ type }) => type)).toEqual(['kill', 'kill', 'kill']);
});

test('a drain before anything was forked ends at once', () => {
  const pod = play();
  expect(pod.step({ type: 'drain', timeoutMs: 500 })).toEqual([{ type: 'end', code: 0 }]);
  expect(pod.step({ type: 'start' })).toEqual([]);
});

test('whatever happens: no slot is held twice, none is left vacant beside a standby, and the count is kept', () => {
  const events = fc.array(
    fc.record({
      kind: fc.constantFrom('ready', 'exited', 'leaving', 'fence-child', 'kill-child', 'drain-child'),
      child: fc.nat(6),
      restMs: fc.constantFrom(0, 1, 1_000),
      code: fc.constantFrom(0, 1, null, EXIT.fenced, EXIT.storeAway),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(events, (list) => {
      const pod = play({ processes: 3, standby: 2, intensity: 100 });
      pod.step({ type: 'start' });
      let nowMs = 0;
      for (const { kind, child, code, restMs } of list) {
        nowMs += restMs;
        const id = pod.state().children[child]?.id;
        if (id !== undefined) pod.step({ type: kind, id, code } as PodEvent, nowMs);
        const { children } = pod.state();
        const held = children.filter(({ mode }) => mode === 'active').map(({ slot }) => slot);
        expect(new Set(held).size).toBe(held.length);
        if (children.some(({ mode }) => mode === 'standby')) expect(held).toHaveLength(3);
        expect(children.filter(serves).length).toBeGreaterThanOrEqual(3);
      }
      pod.step({ type: 'refill' }, nowMs + 1_000);
      expect(pod.state().children.filter(serves)).toHaveLength(5);
    }),
  );
});

test('a suspect without a standby gets one; it goes again when the suspect has shown itself', () => {
  const pod = play({ standby: 0 });
  pod.step({ type: 'start' });
  for (const id of ['c0', 'c1']) pod.step({ type: 'ready', id });
  expect(pod.step({ type: 'warm', id: 'c0' })).toEqual([{ type: 'refill-in', ms: 0 }]);
  expect(pod.step({ type: 'warm', id: 'c0' })).toEqual([]);
  pod.step({ type: 'ready', id: 'c2' });
  expect(pod.mode('c2')).toBe('standby');
  expect(pod.step({ type: 'calm', id: 'c0' })).toEqual([{ type: 'drain', id: 'c2', ...settings.drain }]);
  expect(pod.mode('c2')).toBe('leaving');
  expect(pod.step({ type: 'exited', id: 'c2', code: 0 })).toEqual([]);
});

test('a standby that is there already serves one suspect; each further one gets its own', () => {
  const pod = running();
  expect(pod.step({ type: 'warm', id: 'c0' })).toEqual([]);
  expect(pod.step({ type: 'warm', id: 'c1' })).toEqual([{ type: 'refill-in', ms: 0 }]);
  expect(pod.state().children.filter(serves)).toHaveLength(4);
});

test('a suspect that dies is replaced by its standby, and no other is forked for it', () => {
  const pod = play({ standby: 0 });
  pod.step({ type: 'start' });
  for (const id of ['c0', 'c1']) pod.step({ type: 'ready', id });
  pod.step({ type: 'warm', id: 'c0' });
  pod.step({ type: 'ready', id: 'c2' });
  expect(pod.step({ type: 'fence-child', id: 'c0' })).toEqual([
    { type: 'kill', id: 'c0' },
    { type: 'activate', id: 'c2', slot: 0 },
  ]);
  expect(pod.step(crash('c0'))).toEqual([]);
  expect(pod.state()).toMatchObject({ suspects: [] });
});

test('one without a slot is no loss: nobody is warmed for it', () => {
  const pod = running();
  pod.step({ type: 'warm', id: 'c2' });
  pod.step({ type: 'warm', id: 'stranger' });
  expect(pod.state().children).toHaveLength(3);
});
