import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EXIT } from '../ipc.ts';
import {
  decide,
  INITIAL_POD,
  type PodAction,
  type PodEvent,
  type PodSettings,
  type PodState,
} from './fold.ts';

const settings: PodSettings = {
  processes: 2,
  standby: 1,
  killFenced: true,
  intensity: 2,
  periodMs: 1_000,
  drain: { timeoutMs: 500, noticeMs: 100 },
};

/** Plays events against the fold; forks are answered at once with the ids c0, c1 … */
function play(overrides: Partial<PodSettings> = {}) {
  const applied = { ...settings, ...overrides };
  let state: PodState = INITIAL_POD;
  let forks = 0;
  const step = (event: PodEvent, nowMs = 0): readonly PodAction[] => {
    const decision = decide(state, event, nowMs, applied);
    state = decision.state;
    for (const action of decision.actions) {
      if (action.type === 'refill-in') step({ type: 'refill' }, nowMs);
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

test('a standby takes the dead one’s slot, and only later the next standby is forked', () => {
  expect(running().step(crash('c1'))).toEqual([
    { type: 'activate', id: 'c2', slot: 1 },
    { type: 'refill-in', ms: 100 },
  ]);
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
  expect(pod.step(crash('c0'), 10)).toEqual([{ type: 'refill-in', ms: 0 }]);
  expect(pod.step({ type: 'ready', id: 'c4' }, 20)).toEqual([{ type: 'activate', id: 'c4', slot: 0 }]);
});

test('one crash more than the intensity within the period drains the pod quickly and fails it', () => {
  const pod = running();
  pod.step(crash('c0'), 0);
  pod.step(crash('c1'), 1);
  const actions = pod.step(crash('c2'), 2);
  expect(pod.state()).toMatchObject({ mode: 'failed', exitCode: 1 });
  expect(actions.map(({ type }) => type)).toEqual(['drain', 'drain', 'await-deadline']);
  pod.step({ type: 'exited', id: 'c3', code: 0 });
  expect(pod.step({ type: 'exited', id: 'c4', code: 0 })).toEqual([{ type: 'end', code: 1 }]);
});

test('crashes that are a period apart never spend the budget', () => {
  const pod = running();
  for (let i = 0; i < 20; i++) {
    const [oldest] = pod.state().children;
    pod.step(crash(oldest?.id ?? ''), i * 1_000);
  }
  expect(pod.state().mode).not.toBe('failed');
});

test.each(['fence-child', 'kill-child', 'drain-child'] as const)(
  '%s gives the slot away at once, and the exit costs no budget',
  (type) => {
    const pod = running({ intensity: 0 });
    const actions = pod.step({ type, id: 'c0' });
    expect(actions[0]).toMatchObject({ type: type === 'drain-child' ? 'drain' : 'kill', id: 'c0' });
    expect(actions.slice(1)).toEqual([
      { type: 'activate', id: 'c2', slot: 0 },
      { type: 'refill-in', ms: 100 },
    ]);
    expect(pod.step(crash('c0'))).toEqual([]);
    expect(pod.state().mode).toBe('running');
  },
);

test('a start that found itself fenced and left is outside the budget, unknown to us as it was', () => {
  const pod = running({ intensity: 0 });
  pod.step({ type: 'exited', id: 'c0', code: EXIT.fenced });
  expect(pod.state().mode).toBe('running');
  pod.step(crash('c1'));
  expect(pod.state().mode).toBe('failed');
});

test('with killFenced off a fenced child is replaced and left alone', () => {
  expect(running({ killFenced: false }).step({ type: 'fence-child', id: 'c0' })).toEqual([
    { type: 'activate', id: 'c2', slot: 0 },
    { type: 'refill-in', ms: 100 },
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
      code: fc.constantFrom(0, 1, null, EXIT.fenced),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(events, (list) => {
      const pod = play({ processes: 3, standby: 2, intensity: 100 });
      pod.step({ type: 'start' });
      for (const { kind, child, code } of list) {
        const id = pod.state().children[child]?.id;
        if (id !== undefined) pod.step({ type: kind, id, code } as PodEvent);
        const { children } = pod.state();
        const held = children.filter(({ mode }) => mode === 'active').map(({ slot }) => slot);
        expect(new Set(held).size).toBe(held.length);
        if (children.some(({ mode }) => mode === 'standby')) expect(held).toHaveLength(3);
        const serving = children.filter(({ mode }) => ['starting', 'standby', 'active'].includes(mode));
        expect(serving).toHaveLength(5);
      }
    }),
  );
});
