import type { RestartType, Strategy } from '@millrace/core';
import { describe, expect, test } from 'vitest';
import { child, driveOtp } from '../../../../tests/support/otp-driver.ts';
import { restartsUsed } from './budget.ts';
import type { ExitReason, SupervisorEvent } from './types.ts';

const exited = (id: string, reason: ExitReason = 'abnormal'): SupervisorEvent => ({
  type: 'exited',
  id,
  reason,
});

/** What the end of the middle one of three leads to, when it is restarted at all. */
const RESTART: Readonly<Record<Strategy, readonly string[]>> = {
  one_for_one: ['start b'],
  one_for_all: ['stop c', 'stop a', 'start a', 'start b', 'start c'],
  rest_for_one: ['stop c', 'start b', 'start c'],
};

/** Who is restarted, by restart type and exit reason: the table in supervisor(3). */
const IS_RESTARTED: Readonly<Record<RestartType, Readonly<Record<ExitReason, boolean>>>> = {
  permanent: { normal: true, shutdown: true, abnormal: true },
  transient: { normal: false, shutdown: false, abnormal: true },
  temporary: { normal: false, shutdown: false, abnormal: false },
};

const CASES = Object.entries(RESTART).flatMap(([strategy, actions]) =>
  Object.entries(IS_RESTARTED).flatMap(([restart, byReason]) =>
    Object.entries(byReason).map(
      ([reason, isRestarted]) =>
        [
          strategy as Strategy,
          restart as RestartType,
          reason as ExitReason,
          isRestarted ? actions : [],
        ] as const,
    ),
  ),
);

test.each(CASES)('%s: a %s child that ends %s leads to %j', (strategy, restart, reason, actions) => {
  const driver = driveOtp({ strategy }, [child('a'), child('b', { restart }), child('c')]);
  expect(driver.tell(exited('b', reason))).toEqual(actions);
  expect(restartsUsed(driver.state, 0)).toBe(actions.length > 0 ? 1 : 0);
});

test.each(CASES)('%s: a %s child that ended %s, and its sibling’s restart', (strategy, restart, reason) => {
  const driver = driveOtp({ strategy }, [child('a'), child('b', { restart })]);
  driver.tell(exited('b', reason));
  const isForgotten = restart === 'temporary' || strategy === 'one_for_one';
  expect(driver.tell(exited('a')).includes('start b')).toBe(!isForgotten);
});

test('children start in order, each only when the one before runs, and end in reverse', () => {
  const driver = driveOtp({}, []);
  driver.state = {
    ...driver.state,
    mode: 'idle',
    spec: { ...driver.state.spec, children: [child('a'), child('b')] },
  };
  driver.hold('a');
  expect(driver.tell({ type: 'start' })).toEqual(['start a']);
  expect(driver.tell({ type: 'started', id: 'b' })).toEqual([]);
  expect(driver.tell({ type: 'started', id: 'a' })).toEqual(['start b', 'running']);
  driver.hold('b');
  expect(driver.tell({ type: 'stop' })).toEqual(['stop b']);
  expect(driver.tell(exited('b', 'shutdown'))).toEqual(['stop a']);
  expect(driver.tell(exited('a', 'shutdown'))).toEqual(['stopped']);
});

test('a supervisor without children runs, and stops', () => {
  const driver = driveOtp({}, []);
  expect(driver.state.mode).toBe('running');
  expect(driver.tell({ type: 'stop' })).toEqual(['stopped']);
});

test.each([
  ['brutal_kill', { type: 'kill', id: 'a' }],
  ['infinity', { type: 'stop', id: 'a', timeoutMs: null }],
  [500, { type: 'stop', id: 'a', timeoutMs: 500 }],
] as const)('shutdown %s', async (shutdown, action) => {
  const { supervise } = await import('./supervise.ts');
  const driver = driveOtp({}, [child('a', { shutdown })]);
  expect(supervise(driver.state, { type: 'stop' }, 0).actions).toEqual([action]);
});

describe('intensity', () => {
  test('as many restarts as it says are made; the next end is one too many: all end in reverse', () => {
    const driver = driveOtp({ intensity: 2 }, [child('a'), child('b'), child('c')]);
    expect(driver.tell(exited('b'))).toEqual(['start b']);
    expect(driver.tell(exited('a'))).toEqual(['start a']);
    expect(driver.tell(exited('b'))).toEqual(['stop c', 'stop a', 'escalate intensity']);
    expect(driver.tell({ type: 'started', id: 'b' })).toEqual([]);
  });

  test('an intensity of 0 allows none', () => {
    expect(driveOtp({ intensity: 0 }, [child('a')]).tell(exited('a'))).toEqual(['escalate intensity']);
  });

  test('restarts are forgotten once they lie more than the period back', () => {
    const driver = driveOtp({ intensity: 1, periodMs: 1_000 }, [child('a')]);
    for (let i = 0; i < 10; i++) {
      expect(driver.tell(exited('a'))).toEqual(['start a']);
      driver.rest(1_001);
    }
    driver.tell(exited('a'));
    driver.rest(1_000);
    expect(driver.tell(exited('a'))).toEqual(['escalate intensity']);
  });

  test('a restart of all costs one, and so does each attempt that fails', () => {
    const driver = driveOtp({ strategy: 'one_for_all', intensity: 2 }, [child('a'), child('b')]);
    driver.hold('b');
    expect(driver.tell(exited('a'))).toEqual(['stop b']);
    expect(driver.tell(exited('b', 'shutdown'))).toEqual(['start a', 'start b']);
    expect(restartsUsed(driver.state, 0)).toBe(1);
    expect(driver.tell({ type: 'start-failed', id: 'b' })).toEqual(['stop a', 'start a', 'start b']);
    expect(restartsUsed(driver.state, 0)).toBe(2);
    expect(driver.tell({ type: 'start-failed', id: 'b' })).toEqual(['stop a', 'escalate intensity']);
  });
});

describe('while the supervisor is busy', () => {
  test('a child that dies while its siblings are being ended needs no order, and its death counts nothing', () => {
    const driver = driveOtp({ strategy: 'one_for_all' }, [child('a'), child('b'), child('c'), child('d')]);
    driver.hold('d');
    expect(driver.tell(exited('a'))).toEqual(['stop d']);
    expect(driver.tell(exited('c'))).toEqual([]);
    expect(driver.tell(exited('d', 'shutdown'))).toEqual([
      'stop b',
      'start a',
      'start b',
      'start c',
      'start d',
    ]);
    expect(restartsUsed(driver.state, 0)).toBe(1);
  });

  test('an end outside the group that is being restarted is dealt with after it', () => {
    const driver = driveOtp({ strategy: 'rest_for_one' }, [child('a'), child('b')]);
    driver.hold('b');
    expect(driver.tell(exited('b'))).toEqual(['start b']);
    expect(driver.tell(exited('a'))).toEqual([]);
    expect(driver.tell({ type: 'started', id: 'b' })).toEqual(['stop b']);
    expect(driver.tell(exited('b', 'shutdown'))).toEqual(['start a', 'start b']);
    expect(restartsUsed(driver.state, 0)).toBe(2);
  });

  test('a start that failed is tried again behind the ends that came before it', () => {
    const driver = driveOtp({}, [child('a'), child('b')]);
    driver.hold('b');
    driver.tell(exited('b'));
    driver.tell(exited('a'));
    expect(driver.tell({ type: 'start-failed', id: 'b' })).toEqual(['start a', 'start b']);
  });

  test('a stop goes before everything, also before a start that is under way', () => {
    const driver = driveOtp({}, [child('a'), child('b')]);
    driver.hold('a');
    driver.tell(exited('a'));
    expect(driver.tell({ type: 'stop' })).toEqual(['stop b', 'stop a']);
    expect(driver.tell({ type: 'start-failed', id: 'a' })).toEqual(['stopped']);
  });
});

test('a start that fails after the supervisor was told to stop is not tried again', () => {
  const driver = driveOtp({}, [child('a'), child('b')]);
  driver.hold('a');
  driver.hold('b');
  driver.tell(exited('a'));
  expect(driver.tell({ type: 'stop' })).toEqual(['stop b']);
  expect(driver.tell({ type: 'start-failed', id: 'a' })).toEqual([]);
  expect(driver.tell(exited('b', 'shutdown'))).toEqual(['stopped']);
});

describe('the first start', () => {
  test('one that fails ends those before it, in reverse, and is an escalation', () => {
    const driver = driveOtp({}, []);
    const children = ['a', 'b', 'c', 'd'].map((id) => child(id));
    driver.state = { ...driver.state, mode: 'idle', spec: { ...driver.state.spec, children } };
    driver.hold('c');
    driver.tell({ type: 'start' });
    expect(driver.tell({ type: 'start-failed', id: 'c' })).toEqual([
      'stop b',
      'stop a',
      'escalate start-failed',
    ]);
  });

  test('an end before the start is done is dealt with when all run', () => {
    const driver = driveOtp({}, []);
    driver.state = {
      ...driver.state,
      mode: 'idle',
      spec: { ...driver.state.spec, children: [child('a'), child('b')] },
    };
    driver.hold('b');
    driver.tell({ type: 'start' });
    expect(driver.tell(exited('a'))).toEqual([]);
    expect(driver.tell({ type: 'started', id: 'b' })).toEqual(['running', 'start a']);
  });
});
