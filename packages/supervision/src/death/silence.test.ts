import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDeathWatch } from './death-watch.ts';
import type { StartAction } from './start.ts';
import { LIMITS } from './testing.ts';

const worker = { id: 'p.1', pod: 'p', pid: 42, slot: 0 };

/** How a worker and its parent do at one moment; ages are ms. */
interface Moment {
  /** It speaks on its link. */
  readonly speaks?: boolean;
  /** Its parent hears it. */
  readonly heardByParent?: boolean;
  readonly works?: boolean;
  readonly letter?: string;
  /** Its parent reports. */
  readonly parentSpeaks?: boolean;
  /** We run. */
  readonly weRun?: boolean;
}

const FINE = {
  speaks: true,
  heardByParent: true,
  works: false,
  letter: 'S',
  parentSpeaks: true,
  weRun: true,
};

/**
 * A watch that lives through `ms` in steps of 10: beats and reports at every beat, a tick every 50 ms. Returns all
 * that it did, each with its time.
 */
function liveThrough(ms: number, at: (nowMs: number) => Moment) {
  const watch = createDeathWatch(LIMITS);
  watch.hello(worker, 0);
  const done: [number, StartAction['type']][] = [];
  const note = (nowMs: number, actions: readonly StartAction[]) => {
    for (const { type } of actions) {
      done.push([nowMs, type]);
      if (type === 'fence') note(nowMs, watch.observe(worker.id, { type: 'fence-written' }, nowMs + 1));
    }
  };
  let wordMs = 0;
  let cpuMs = 0;
  for (let nowMs = 10; nowMs <= ms; nowMs += 10) {
    const moment = { ...FINE, ...at(nowMs) };
    if (moment.works) cpuMs += 10;
    const isBeat = nowMs % LIMITS.beatMs === 0;
    if (isBeat && moment.heardByParent) wordMs = nowMs;
    if (!moment.weRun) continue;
    if (isBeat && moment.speaks) note(nowMs, watch.observe(worker.id, { type: 'heard' }, nowMs));
    // Reports come between beats, as clocks of two processes have it.
    if (nowMs % LIMITS.beatMs === 120 && moment.parentSpeaks) {
      const report = { silentMs: nowMs - wordMs, cpuMs, letter: moment.letter };
      note(nowMs, watch.reports('p', new Map([[worker.id, report]]), nowMs));
    }
    if (nowMs % 50 === 0) note(nowMs, watch.tick(nowMs));
  }
  return { done, kinds: done.map(([, type]) => type), state: watch.get(worker.id), watch };
}

/** Within [fromMs, toMs) so, else fine. */
const during =
  (fromMs: number, toMs: number, moment: Moment) =>
  (nowMs: number): Moment =>
    nowMs >= fromMs && nowMs < toMs ? moment : FINE;

const timeOf = (done: readonly [number, string][], kind: string) =>
  done.find(([, type]) => type === kind)?.[0];

const silent = { speaks: false, heardByParent: false };
const frozen = { ...silent, letter: 'T' };
const working = { ...silent, works: true, letter: 'S' };

describe('frozen', () => {
  test.each([0, 40, 120, 130, 200, 240])(
    '%i ms after a beat: dead at the hang limit, and hardly later',
    (phase) => {
      // It worked until the very moment, as a worker does that is stopped while it is busy.
      const from = 4_000 + phase;
      const { done, state, watch } = liveThrough(12_000, (nowMs) => ({
        ...(nowMs >= from ? frozen : FINE),
        works: nowMs < from,
      }));
      const atMs = timeOf(done, 'certify') ?? Number.POSITIVE_INFINITY;
      expect(atMs - from).toBeGreaterThanOrEqual(LIMITS.hangLimitMs - LIMITS.beatMs);
      expect(atMs - from).toBeLessThanOrEqual(LIMITS.hangLimitMs + 50);
      // By phi: it was steady, so that its silence is odd long before `suspectMs`.
      const lastBeatMs = Math.floor((from - 1) / LIMITS.beatMs) * LIMITS.beatMs;
      expect(timeOf(done, 'suspect')).toBeLessThanOrEqual(lastBeatMs + 700);
      expect(watch.isDead(worker.id)).toBe(true);
      expect(state?.busy).toBe(false);
    },
  );

  test('after it had been blocked by its own work: a hang limit after it stopped working', () => {
    const { done, state } = liveThrough(30_000, (nowMs) =>
      nowMs < 2_000 ? FINE : nowMs < 12_000 ? working : frozen,
    );
    const atMs = timeOf(done, 'certify') ?? Number.POSITIVE_INFINITY;
    expect(atMs).toBeGreaterThan(16_500);
    expect(atMs).toBeLessThanOrEqual(17_050);
    expect(state?.busy).toBe(false);
  });

  test('in the disk’s wait, where the freezer of cgroup v1 puts it, it is treated the same', () => {
    const { done } = liveThrough(12_000, during(2_000, 20_000, { ...silent, letter: 'D' }));
    expect(timeOf(done, 'certify')).toBeLessThanOrEqual(7_050);
  });

  test('without a parent that looks: at the hang limit', () => {
    const { done } = liveThrough(12_000, (nowMs) => ({
      parentSpeaks: false,
      ...(nowMs >= 2_000 ? silent : {}),
    }));
    expect(timeOf(done, 'certify')).toBeLessThanOrEqual(7_050);
  });
});

describe('busy', () => {
  test('silent while its CPU time grows: suspected, never fenced before the busy limit', () => {
    const { done, state } = liveThrough(40_000, during(2_000, 60_000, working));
    expect(done.map(([, type]) => type)).toEqual(['suspect', 'warm', 'fence', 'certify']);
    const atMs = timeOf(done, 'certify') ?? 0;
    expect(atMs).toBeGreaterThanOrEqual(1_750 + LIMITS.busyLimitMs);
    expect(atMs).toBeLessThanOrEqual(2_050 + LIMITS.busyLimitMs);
    expect(state?.busy).toBe(true);
  });

  test('runnable but never run, as on a machine with far too much to do: the same', () => {
    const { kinds } = liveThrough(25_000, during(2_000, 60_000, { ...silent, letter: 'R' }));
    expect(kinds).toEqual(['suspect', 'warm']);
  });

  test('blocked for 10 s and back: allayed, with nothing lost', () => {
    const { kinds, state } = liveThrough(20_000, during(2_000, 12_000, working));
    expect(kinds).toEqual(['suspect', 'warm', 'unsuspect']);
    expect(state?.phase).toBe('alive');
  });
});

describe('a parent', () => {
  test('that hears its child answers for it: its link may be gone or black-holed', () => {
    const { kinds } = liveThrough(60_000, during(2_000, 60_000, { speaks: false }));
    expect(kinds).toEqual([]);
  });

  test('allays the suspicion that its child’s closed link raised, by a word from after that', () => {
    const watch = createDeathWatch(LIMITS);
    const kinds = (actions: readonly StartAction[]) => actions.map(({ type }) => type);
    const report = (silentMs: number, nowMs: number) =>
      kinds(watch.reports('p', new Map([[worker.id, { silentMs, cpuMs: 1, letter: 'S' }]]), nowMs));
    watch.hello(worker, 0);
    expect(kinds(watch.observe(worker.id, { type: 'link-closed' }, 1_000))).toEqual(['suspect']);
    expect(report(30, 1_020)).toEqual([]);
    expect(report(30, 1_270)).toEqual(['unsuspect']);
  });

  test('that is silent as well excuses nothing, as on a node that is cut off: dead at the hang limit', () => {
    const { done } = liveThrough(20_000, during(2_000, 30_000, { ...silent, parentSpeaks: false }));
    expect(timeOf(done, 'certify')).toBeGreaterThan(6_700);
    expect(timeOf(done, 'certify')).toBeLessThanOrEqual(7_050);
  });

  test('that was stalled and comes back before its child does not accuse it with its first word', () => {
    const { kinds } = liveThrough(20_000, (nowMs) => {
      if (nowMs >= 2_000 && nowMs < 6_500) return { ...silent, parentSpeaks: false };
      return nowMs < 7_200 && nowMs >= 6_500 ? { ...silent, parentSpeaks: true } : FINE;
    });
    expect(kinds).toEqual(['suspect', 'warm', 'unsuspect']);
  });
});

test('while we do not run nobody is silent', () => {
  const { kinds } = liveThrough(30_000, during(2_000, 12_000, { weRun: false }));
  expect(kinds).toEqual([]);
});

describe('a live worker whose sockets are reset over and over', () => {
  const step = fc.record({
    gapMs: fc.integer({ min: 0, max: 120 }),
    what: fc.constantFrom('reset', 'back', 'look', 'look', 'tick'),
  });

  test('is never declared dead while its parent hears it', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 200 }), (steps) => {
        const watch = createDeathWatch(LIMITS);
        watch.hello(worker, 0);
        let nowMs = 0;
        let reportedMs = Number.NEGATIVE_INFINITY;
        const actions: StartAction[] = [];
        for (const { gapMs, what } of steps) {
          const askedMs = nowMs;
          nowMs += gapMs;
          if (nowMs - reportedMs >= LIMITS.beatMs) {
            reportedMs = nowMs;
            const report = new Map([[worker.id, { silentMs: 200, cpuMs: nowMs, letter: 'S' }]]);
            actions.push(...watch.reports('p', report, nowMs));
          }
          if (what === 'reset') actions.push(...watch.observe(worker.id, { type: 'link-closed' }, nowMs));
          if (what === 'back') actions.push(...watch.hello(worker, nowMs));
          if (what === 'look')
            actions.push(...watch.observe(worker.id, { type: 'store-look', connections: 0, askedMs }, nowMs));
          if (what === 'tick') actions.push(...watch.tick(nowMs));
        }
        expect(actions.filter(({ type }) => type === 'certify' || type === 'fence')).toEqual([]);
      }),
    );
  });

  test('and is dead the usual way once that parent is gone', () => {
    const watch = createDeathWatch(LIMITS);
    watch.hello(worker, 0);
    watch.reports('p', new Map([[worker.id, { silentMs: 10, cpuMs: 1, letter: 'S' }]]), 40);
    watch.observe(worker.id, { type: 'link-closed' }, 50);
    const look = (nowMs: number) =>
      watch.observe(worker.id, { type: 'store-look', connections: 0, askedMs: nowMs - 5 }, nowMs);
    expect([...look(60), ...look(170), ...look(300)]).toEqual([]);
    watch.podLost('p', 310);
    expect(look(320)).toMatchObject([{ certificate: { cause: 'pod-lost', blame: 'none', diedAtMs: 50 } }]);
  });
});

test('a link that had been down for long says nothing of when it died', () => {
  const { watch } = liveThrough(10_000, during(2_000, 20_000, { speaks: false }));
  watch.observe(worker.id, { type: 'link-closed' }, 10_000);
  const report = (nowMs: number) =>
    watch.reports('p', new Map([[worker.id, { silentMs: 5, cpuMs: 0, letter: 'S' }]]), nowMs);
  report(10_200);
  report(60_000);
  const exit = { code: 1, signal: null, atMs: 60_003, expected: false };
  expect(watch.processExit(worker, exit, 60_004)).toMatchObject([{ certificate: { diedAtMs: 60_003 } }]);
});
