import { describe, expect, test } from 'vitest';
import { child, driveOtp } from '../../../../tests/support/otp-driver.ts';
import { restartDelayMs, restartsUsed } from './budget.ts';
import { supervise } from './supervise.ts';
import type { SupervisorEvent } from './types.ts';
import { unanswered } from './unanswered.ts';

const BACKOFF = { firstMs: 200, maxMs: 5_000 };
const died = (id: string): SupervisorEvent => ({ type: 'exited', id, reason: 'abnormal' });

describe('backoff', () => {
  test('the first restart is immediate, since most deaths are single; then doubling, up to the longest', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 50].map((used) => restartDelayMs(used, BACKOFF))).toEqual([
      0, 200, 400, 800, 1_600, 3_200, 5_000, 5_000,
    ]);
    expect(restartDelayMs(50, null)).toBe(0);
  });

  test('stands in front of the start, and holds up nobody else', () => {
    const driver = driveOtp({ backoff: BACKOFF, intensity: 5 }, [child('a'), child('b')]);
    expect(driver.tell(died('a'))).toEqual(['start a']);
    expect(driver.tell(died('a'))).toEqual(['wake 200']);
    expect(driver.rest(100)).toEqual(['wake 200']);
    expect(driver.tell(died('b'))).toEqual(['wake 200']);
    expect(driver.rest(100)).toEqual(['wake 500', 'start a']);
    expect(driver.rest(299)).toEqual(['wake 500']);
    expect(driver.rest(1)).toEqual(['start b']);
  });

  test('siblings end at once, and wait with the one they are tied to', () => {
    const driver = driveOtp({ backoff: BACKOFF, strategy: 'rest_for_one' }, [
      child('a'),
      child('b'),
      child('c'),
    ]);
    driver.tell(died('b'));
    expect(driver.tell(died('b'))).toEqual(['stop c', 'wake 200']);
    expect(driver.rest(200)).toEqual(['start b', 'start c']);
  });

  test('a death before the wait is over restarts the larger group, once', () => {
    const driver = driveOtp({ backoff: BACKOFF, strategy: 'rest_for_one', intensity: 5 }, [
      child('a'),
      child('b'),
      child('c'),
    ]);
    driver.tell(died('b'));
    driver.tell(died('b'));
    expect(driver.tell(died('a'))).toEqual(['wake 400']);
    expect(driver.rest(400)).toEqual(['start a', 'start b', 'start c']);
    expect(driver.rest(10_000)).toEqual([]);
  });

  test('a clock that is set back makes nobody wait longer than the longest backoff, nor keeps what was counted', () => {
    const driver = driveOtp({ backoff: BACKOFF, intensity: 2 }, [child('a')]);
    driver.clock(3_600_000);
    driver.tell(died('a'));
    driver.tell(died('a'));
    driver.clock(0);
    expect(driver.rest(0)).toEqual(['wake 5000']);
    expect(driver.rest(5_000)).toEqual(['start a']);
    expect(driver.rest(10_001)).toEqual([]);
    expect(driver.tell(died('a'))).toEqual(['start a']);
    expect(restartsUsed(driver.state, driver.nowMs)).toBe(1);
  });
});

describe('replaced', () => {
  test.each(['one_for_one', 'one_for_all', 'rest_for_one'] as const)(
    '%s: a successor starts, nobody else is touched, nothing is counted',
    (strategy) => {
      const driver = driveOtp({ strategy, intensity: 0, backoff: BACKOFF }, [
        child('a'),
        child('b'),
        child('c'),
      ]);
      for (let i = 0; i < 3; i++) expect(driver.tell({ type: 'replaced', id: 'b' })).toEqual(['start b']);
      expect(restartsUsed(driver.state, 0)).toBe(0);
    },
  );

  test('one that was being started is started again; one that was being ended has ended', () => {
    const driver = driveOtp({}, [child('a')]);
    driver.hold('a');
    expect(driver.tell({ type: 'replaced', id: 'a' })).toEqual(['start a']);
    expect(driver.tell({ type: 'replaced', id: 'a' })).toEqual(['start a']);
    driver.tell({ type: 'started', id: 'a' });
    expect(driver.tell({ type: 'stop' })).toEqual(['stop a']);
    expect(driver.tell({ type: 'replaced', id: 'a' })).toEqual(['stopped']);
  });
});

describe('after an escalation', () => {
  const escalated = () => {
    const driver = driveOtp({ intensity: 0 }, [child('a'), child('b', { restart: 'temporary' }), child('c')]);
    driver.tell(died('b'));
    expect(driver.tell(died('c'))).toEqual(['stop a', 'escalate intensity']);
    return driver;
  };

  test('nothing happens by itself', () => {
    const driver = escalated();
    for (const event of [
      died('a'),
      { type: 'proven' },
      { type: 'start' },
      { type: 'started', id: 'a' },
    ] as const) {
      expect(driver.tell(event)).toEqual([]);
    }
    expect(driver.rest(3_600_000)).toEqual([]);
  });

  test('a trial starts the first child alone; when it is proven all start, also the forgotten, with a clean budget', () => {
    const driver = escalated();
    expect(driver.tell({ type: 'trial' })).toEqual(['start a']);
    expect(driver.tell({ type: 'replaced', id: 'a' })).toEqual(['start a']);
    expect(driver.tell({ type: 'proven' })).toEqual(['start b', 'start c', 'running']);
    expect(restartsUsed(driver.state, 0)).toBe(0);
  });

  test('a trial whose child dies, or does not start, is an escalation again', () => {
    const driver = escalated();
    driver.tell({ type: 'trial' });
    expect(driver.tell(died('a'))).toEqual(['escalate intensity']);
    driver.hold('a');
    driver.tell({ type: 'trial' });
    expect(driver.tell({ type: 'proven' })).toEqual([]);
    expect(driver.tell({ type: 'start-failed', id: 'a' })).toEqual(['escalate start-failed']);
  });

  test('a trial whose child was done with its work has shown what it was to show', () => {
    const driver = driveOtp({ intensity: 0 }, [child('a', { restart: 'transient' }), child('b')]);
    driver.tell(died('b'));
    driver.tell({ type: 'trial' });
    expect(driver.tell({ type: 'exited', id: 'a', reason: 'normal' })).toEqual(['start b', 'running']);
  });

  test.each(['escalated', 'trial', 'trial-starting'])('resume makes it whole at once: %s', (when) => {
    const driver = escalated();
    if (when === 'trial-starting') driver.hold('a');
    if (when !== 'escalated') driver.tell({ type: 'trial' });
    const actions = driver.tell({ type: 'resume' });
    if (when === 'trial-starting') actions.push(...driver.tell({ type: 'started', id: 'a' }));
    expect(actions).toEqual([...(when === 'escalated' ? ['start a'] : []), 'start b', 'start c', 'running']);
  });

  test('resume while children are still being ended waits for them, then starts all', () => {
    const driver = driveOtp({ intensity: 0 }, [child('a'), child('b')]);
    driver.hold('a');
    expect(driver.tell(died('b'))).toEqual(['stop a']);
    expect(driver.tell({ type: 'resume' })).toEqual([]);
    expect(driver.tell({ type: 'exited', id: 'a', reason: 'shutdown' })).toEqual(['start a']);
  });

  test('resume of a supervisor that runs forgets what was counted and waits for nobody', () => {
    const driver = driveOtp({ backoff: BACKOFF }, [child('a')]);
    driver.tell(died('a'));
    driver.tell(died('a'));
    expect(driver.tell({ type: 'resume' })).toEqual(['start a']);
    expect(restartsUsed(driver.state, 0)).toBe(0);
  });

  test.each(['temporary', 'transient'] as const)(
    'resume starts all children anew where every %s one is done',
    (restart) => {
      const driver = driveOtp({}, [child('a', { restart }), child('b', { restart })]);
      const done = (id: string) => driver.tell({ type: 'exited', id, reason: 'normal' });
      done('a');
      expect(driver.tell({ type: 'resume' })).toEqual([]);
      expect(done('b')).toEqual([]);
      expect(driver.tell({ type: 'resume' })).toEqual(['start a', 'start b', 'running']);
    },
  );
});

describe('a state that was saved', () => {
  test('says what is still unanswered, and answering it leads on', () => {
    const driver = driveOtp({ strategy: 'one_for_all', backoff: BACKOFF }, [
      child('a'),
      child('b', { shutdown: 'brutal_kill' }),
    ]);
    expect(unanswered(driver.state)).toEqual([]);
    driver.hold('a');
    driver.hold('b');
    driver.tell(died('a'));
    expect(unanswered(driver.state)).toEqual([{ type: 'kill', id: 'b' }]);
    driver.tell({ type: 'exited', id: 'b', reason: 'abnormal' });
    expect(unanswered(driver.state)).toEqual([{ type: 'start', id: 'a' }]);
    driver.tell({ type: 'start-failed', id: 'a' });
    expect(unanswered(driver.state)).toEqual([{ type: 'wake', atMs: 200 }]);
    const saved = JSON.parse(JSON.stringify(driver.state));
    expect(supervise(saved, { type: 'tick' }, 300).actions).toEqual([{ type: 'start', id: 'a' }]);
  });

  test('says that it escalated, or stopped, again', () => {
    const driver = driveOtp({ intensity: 0 }, [child('a')]);
    driver.tell(died('a'));
    expect(unanswered(driver.state)).toEqual([{ type: 'escalate', why: 'intensity' }]);
    driver.tell({ type: 'stop' });
    expect(unanswered(driver.state)).toEqual([{ type: 'stopped' }]);
  });
});
