import type { DeathCertificate } from '@millrace/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge, newStart } from './judge.ts';
import type { StartAction, StartEvent, StartState } from './start.ts';
import { LIMITS } from './testing.ts';

const start = { id: 'p.1', pod: 'p', pid: 42, slot: 0 };
const T0 = 1_000_000;

/** Lives a start through a script of [ms since T0, event]; all actions, and the state at the end. */
function live(script: readonly (readonly [number, StartEvent])[], from: StartState = newStart(start, T0)) {
  let state = from;
  const actions: StartAction[] = [];
  for (const [atMs, event] of script) {
    const judgement = judge(state, event, T0 + atMs, LIMITS);
    state = judgement.state;
    actions.push(...judgement.actions);
  }
  const certificates = actions.flatMap((a) => (a.type === 'certify' ? [a.certificate] : []));
  return {
    state,
    actions,
    kinds: actions.map((action) => action.type),
    certificate: certificates[0],
    certificates,
  };
}

const hello: StartEvent = { type: 'hello', start };
const heard: StartEvent = { type: 'heard' };
const closed: StartEvent = { type: 'link-closed' };
const tick: StartEvent = { type: 'tick' };
const look = (askedMs: number, connections = 0): StartEvent => ({
  type: 'store-look',
  connections,
  askedMs: T0 + askedMs,
});
const exit = (over: Partial<Extract<StartEvent, { type: 'process-exit' }>> = {}): StartEvent => ({
  type: 'process-exit',
  code: null,
  signal: 'SIGKILL',
  atMs: T0 + 10,
  expected: false,
  ...over,
});

describe('the parent’s word', () => {
  test('is enough, at once', () => {
    const { certificate, kinds } = live([
      [0, hello],
      [12, exit()],
    ]);
    expect(kinds).toEqual(['certify']);
    expect(certificate).toEqual({
      worker: 'p.1',
      pod: 'p',
      pid: 42,
      slot: 0,
      cause: 'killed',
      blame: 'unknown',
      exitCode: null,
      exitSignal: 'SIGKILL',
      diedAtMs: T0 + 10,
      certifiedAtMs: T0 + 12,
      evidence: [{ kind: 'process-exit', atMs: T0 + 10 }],
      lastLines: [],
      peakRssBytes: null,
      memoryLimitBytes: null,
      beats: [],
    } satisfies DeathCertificate);
  });

  test('after a bye, an exit with code 0 was meant', () => {
    const script: [number, StartEvent][] = [
      [0, hello],
      [1, { type: 'bye' }],
      [2, closed],
      [3, exit({ signal: null, code: 0 })],
    ];
    expect(live(script)).toMatchObject({ kinds: ['certify'], certificate: { cause: 'shutdown' } });
  });

  test('a clock that is off cannot put the death before the last sign of life, nor into the future', () => {
    for (const skewMs of [-60_000, 60_000]) {
      const { certificate } = live([
        [0, hello],
        [100, heard],
        [105, exit({ atMs: T0 + skewMs })],
      ]);
      expect(certificate?.diedAtMs).toBeGreaterThanOrEqual(T0 + 100);
      expect(certificate?.diedAtMs).toBeLessThanOrEqual(T0 + 105);
    }
  });

  test('a link that closed before it tells the better moment', () => {
    expect(
      live([
        [0, hello],
        [8, closed],
        [12, exit()],
      ]).certificate?.diedAtMs,
    ).toBe(T0 + 8);
  });

  test('a child that its parent does not list is dead, unless it is linked or the exit itself follows', () => {
    const disowned: StartEvent = { type: 'disowned' };
    expect(
      live([
        [0, disowned],
        [99, tick],
      ]).kinds,
    ).toEqual([]);
    expect(
      live([
        [0, disowned],
        [100, tick],
      ]).certificate?.cause,
    ).toBe('crash');
    expect(
      live([
        [0, disowned],
        [2, exit()],
        [100, tick],
      ]).certificates,
    ).toHaveLength(1);
    expect(
      live([
        [0, hello],
        [1, disowned],
        [200, tick],
      ]).kinds,
    ).toEqual([]);
    expect(
      live([
        [0, disowned],
        [50, hello],
        [200, tick],
      ]).kinds,
    ).toEqual([]);
  });
});

describe('link and store', () => {
  test('both gone for confirmMs is death', () => {
    const { certificate } = live([
      [0, hello],
      [50, closed],
      [60, look(55)],
      [160, look(159)],
      [180, look(165)],
    ]);
    expect(certificate).toMatchObject({ cause: 'crash', diedAtMs: T0 + 50, certifiedAtMs: T0 + 180 });
    expect(certificate?.evidence.map((e) => e.kind)).toEqual(['link-closed', 'store-gone']);
  });

  test('one look, however long ago, is not enough: the second must find it gone too', () => {
    expect(
      live([
        [0, hello],
        [50, closed],
        [60, look(55)],
        [900, tick],
      ]).kinds,
    ).toEqual(['suspect']);
  });

  test('a new hello in between clears both', () => {
    const { kinds, state } = live([
      [0, hello],
      [50, closed],
      [60, look(55)],
      [90, hello],
      [500, look(499)],
    ]);
    expect(kinds).toEqual(['suspect', 'unsuspect']);
    expect(state.phase).toBe('alive');
  });

  test('a connection seen in between clears the store’s word', () => {
    const script: [number, StartEvent][] = [
      [0, hello],
      [50, closed],
      [60, look(55)],
      [110, look(105, 1)],
    ];
    expect(live([...script, [170, look(165)]]).kinds).toEqual(['suspect']);
    expect(live([...script, [170, look(165)], [280, look(275)]]).certificate?.cause).toBe('crash');
  });

  test('a look that set out before the link closed proves nothing', () => {
    expect(
      live([
        [0, hello],
        [50, closed],
        [60, look(49)],
        [170, look(169)],
      ]).kinds,
    ).toEqual(['suspect']);
  });

  test('after an outage of the store, its word needs fresh looks', () => {
    const script: [number, StartEvent][] = [
      [0, hello],
      [50, closed],
      [60, look(55)],
      [70, { type: 'store-lost' }],
    ];
    expect(live([...script, [900, look(890)]]).kinds).toEqual(['suspect']);
    expect(live([...script, [900, look(890)], [1_001, look(1_000)]]).certificate).toBeDefined();
  });

  test('one known by hearsay has the hang limit to say hello', () => {
    expect(
      live([
        [10, look(5)],
        [4_900, look(4_890)],
      ]).kinds,
    ).toEqual([]);
    expect(
      live([
        [10, look(5)],
        [5_001, look(5_000)],
      ]).certificate?.cause,
    ).toBe('crash');
    expect(
      live([
        [10, look(5, 2)],
        [60_000, tick],
      ]).kinds,
    ).toEqual([]);
  });
});

describe('silence', () => {
  test('raises suspicion, and a beat allays it', () => {
    const { kinds } = live([
      [0, hello],
      [999, tick],
      [1_000, tick],
      [1_050, tick],
      [1_100, heard],
      [1_150, tick],
    ]);
    expect(kinds).toEqual(['suspect', 'warm', 'unsuspect']);
  });

  test('past the hang limit it is fenced first, and dead only once the fence is written', () => {
    const script: [number, StartEvent][] = [
      [0, hello],
      [1_000, tick],
      [5_000, tick],
    ];
    expect(live(script).kinds).toEqual(['suspect', 'warm', 'fence']);
    const { certificate } = live([...script, [5_003, { type: 'fence-written' }]]);
    expect(certificate).toMatchObject({ cause: 'hung', diedAtMs: T0, certifiedAtMs: T0 + 5_003 });
  });

  test('a fence that the store did not take is tried again, unless the worker woke meanwhile', () => {
    const script: [number, StartEvent][] = [
      [0, hello],
      [5_000, tick],
      [5_100, { type: 'fence-failed' }],
    ];
    expect(live([...script, [5_150, tick]]).kinds).toEqual(['fence', 'fence']);
    expect(live([...script, [5_120, heard], [5_150, tick]]).kinds).toEqual(['fence', 'unsuspect']);
  });

  test('a beat that comes while the fence is written is too late', () => {
    const script: [number, StartEvent][] = [
      [0, hello],
      [5_000, tick],
      [5_001, heard],
    ];
    expect(live([...script, [5_002, { type: 'fence-written' }]]).certificate?.cause).toBe('hung');
  });

  test('of one never met counts only once its parent vouches that it lives', () => {
    expect(live([[9_000, tick]]).kinds).toEqual([]);
    const script: [number, StartEvent][] = [
      [9_000, { type: 'listed' }],
      [10_000, tick],
    ];
    expect(live([...script, [13_999, tick]]).kinds).toEqual(['suspect', 'warm']);
    expect(live([...script, [14_000, tick]]).kinds).toEqual(['suspect', 'warm', 'fence']);
  });

  test('while we ourselves stood still nobody was silent', () => {
    expect(
      live([
        [0, hello],
        [60_000, { type: 'slept', ms: 59_950 }],
        [60_050, tick],
      ]).kinds,
    ).toEqual([]);
  });
});

describe('the dead', () => {
  test('stay dead, and are told so whenever they speak', () => {
    const { kinds, state } = live([
      [0, hello],
      [12, exit()],
      [20, heard],
      [30, hello],
      [9_000, tick],
      [9_001, exit()],
    ]);
    expect(kinds).toEqual(['certify', 'refuse', 'refuse']);
    expect(state.phase).toBe('dead');
  });
});

describe('for every history', () => {
  const event = (arms: readonly fc.Arbitrary<StartEvent>[]) => fc.oneof(...arms);
  const history = (arms: readonly fc.Arbitrary<StartEvent>[]) =>
    fc.array(fc.tuple(fc.integer({ min: 0, max: 1_500 }), event(arms)), { maxLength: 60 }).map((steps) => {
      let nowMs = 0;
      return steps.map(([gap, item]): [number, StartEvent] => {
        nowMs += gap;
        // Looks are asked some ms before they are answered.
        return [nowMs, item.type === 'store-look' ? { ...item, askedMs: T0 + nowMs - item.askedMs } : item];
      });
    });
  const looks = (connections: number) =>
    fc
      .integer({ min: 0, max: 50 })
      .map((ago): StartEvent => ({ type: 'store-look', connections, askedMs: ago }));
  const just = (...events: StartEvent[]) => events.map((item) => fc.constant(item));
  const noise = just(
    hello,
    heard,
    tick,
    { type: 'store-lost' },
    { type: 'slept', ms: 700 },
    { type: 'listed' },
  );

  test('a link that drops as often as it likes never kills while the store still sees the worker', () => {
    const lying = history([...noise, ...just(closed), looks(1)]);
    fc.assert(
      fc.property(lying, (script) => {
        expect(live(script).certificates).toEqual([]);
      }),
    );
  });

  test('connections missing from the store never kill while the worker is linked', () => {
    const lying = history([...noise, looks(0), looks(1)]);
    fc.assert(
      fc.property(lying, (script) => {
        expect(live([[0, hello], ...script]).certificates).toEqual([]);
      }),
    );
  });

  test('late beats never kill before a fence is written', () => {
    const lying = history([...noise, ...just(tick, tick, { type: 'fence-failed' })]);
    fc.assert(
      fc.property(lying, (script) => {
        expect(live(script).certificates).toEqual([]);
      }),
    );
  });

  const anything = history([
    ...noise,
    ...just(
      closed,
      exit(),
      { type: 'bye' },
      { type: 'disowned' },
      { type: 'fence-written' },
      { type: 'fence-failed' },
    ),
    looks(0),
    looks(1),
  ]);

  test('nobody dies twice, and whoever is certified died before it, on evidence', () => {
    fc.assert(
      fc.property(anything, (script) => {
        const { certificates, state } = live(script);
        expect(certificates.length).toBe(state.phase === 'dead' ? 1 : 0);
        for (const certificate of certificates) {
          expect(certificate.evidence.length).toBeGreaterThan(0);
          expect(certificate.diedAtMs).toBeLessThanOrEqual(certificate.certifiedAtMs);
          const kinds = new Set(certificate.evidence.map((item) => item.kind));
          const parent = kinds.has('process-exit') || kinds.has('pod-exit');
          expect(
            parent || kinds.has('beats-missed') || (kinds.has('link-closed') && kinds.has('store-gone')),
          ).toBe(true);
        }
      }),
    );
  });

  test('judging never changes the state it was given', () => {
    fc.assert(
      fc.property(anything, (script) => {
        let state: StartState = Object.freeze(newStart(start, T0));
        for (const [atMs, item] of script) state = Object.freeze(judge(state, item, T0 + atMs, LIMITS).state);
      }),
    );
  });
});
