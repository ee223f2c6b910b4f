import { ManualClock } from '@millrace/core';
import { type DrainMarks, drainPerSecond, retryAfterMs } from '@millrace/queue';
import { beforeEach, describe, expect, test } from 'vitest';
import { type LineCaller, RetryLine } from './retry-line.ts';

const connection = (port: number, address = '10.0.0.1'): LineCaller => ({
  key: `${address}:${port}`,
  address,
});
const wait = (jobs = 1) => ({ jobs, firstMs: 40, drainPerSecond: 20 });

const elsewhere = (host: number) => connection(1, `10.0.0.${host}`);

let clock: ManualClock;
let line: RetryLine;
beforeEach(() => {
  clock = new ManualClock();
  line = new RetryLine(clock);
});

describe('the retry line', () => {
  test('each further caller is told the wait of those ahead of it', () => {
    expect(line.refuse(connection(1), wait())).toBe(40);
    expect(line.refuse(connection(2), wait(3))).toBe(90);
    expect(line.refuse(connection(3), wait())).toBe(240);
  });

  test('a caller that comes back early keeps its place', () => {
    line.refuse(connection(1), wait());
    line.refuse(connection(2), wait());
    expect(line.refuse(connection(1), wait())).toBe(40);
    expect(line.refuse(connection(2), wait())).toBe(90);
    expect(line.length).toBe(2);
  });

  test('an admitted caller leaves it, and those behind move up', () => {
    line.refuse(elsewhere(1), wait());
    line.refuse(elsewhere(2), wait());
    line.admit(elsewhere(1));
    expect(line.refuse(elsewhere(2), wait())).toBe(40);
  });

  test('a caller that stays away past its moment and the grace has lost its place', () => {
    line.refuse(elsewhere(1), wait());
    clock.advance(40 + 250);
    expect(line.refuse(elsewhere(2), wait())).toBe(90);
    clock.advance(1);
    expect(line.refuse(elsewhere(2), wait())).toBe(40);
  });

  test('a caller that keeps its moment has its place, whatever connection it comes on', () => {
    line.refuse(connection(1), wait());
    line.refuse(connection(2), wait());
    clock.advance(40);
    // The first again, on the connection of the second: a pool hands them out as it likes.
    expect(line.refuse(connection(2), wait())).toBe(50);
    expect(line.length).toBe(2);
  });

  test('a caller that was admitted and has more is a new one, whatever connection it comes on', () => {
    line.refuse(connection(1), wait());
    line.refuse(connection(2), wait());
    clock.advance(40);
    line.admit(connection(1));
    clock.advance(2);
    expect(line.refuse(connection(2), wait())).toBe(90);
    expect(line.length).toBe(2);
  });

  test('a caller that is stood up at its moment is told a whole interval', () => {
    line.refuse(connection(1), wait());
    clock.advance(40);
    expect(line.refuse(connection(1), { ...wait(), firstMs: 25 })).toBe(50);
  });

  test('a client that opens a connection for every request is one caller', () => {
    for (let port = 1; port <= 20; port++) {
      expect(line.refuse(connection(port), wait())).toBe(40);
      line.abandon(connection(port));
    }
    expect(line.length).toBe(1);
    line.admit(connection(99));
    expect(line.length).toBe(0);
  });

  test('nobody takes the place of an open connection, of another address, or of a caller with a key', () => {
    line.refuse(connection(1), wait());
    line.refuse(connection(2, '10.0.0.2'), wait());
    line.abandon(connection(2, '10.0.0.2'));
    line.refuse({ key: 'key:a', address: null }, wait());
    line.abandon({ key: 'key:a', address: null });
    expect(line.refuse(connection(3), wait())).toBe(40 + 3 * 50);
  });

  test('once an idle queue drains, those it told a minute are not waited for', () => {
    for (let host = 1; host <= 16; host++) {
      line.refuse(elsewhere(host), { jobs: 1, firstMs: 60_000, drainPerSecond: 0 });
    }
    expect(line.refuse(elsewhere(17), wait())).toBe(40);
    expect(line.refuse(elsewhere(18), wait())).toBe(90);
  });

  test('a paused or idle queue says its minute, however long the line', () => {
    const idle = { jobs: 1, firstMs: 60_000, drainPerSecond: 0 };
    expect(line.refuse(connection(1), idle)).toBe(60_000);
    expect(line.refuse(connection(2), idle)).toBe(60_000);
  });
});

const END_MS = 60_000;

interface Crowd {
  readonly clients: number;
  /** Its own for each client, any of the pool's, or a new one for each request. */
  readonly connections: 'own' | 'pooled' | 'new';
  /** Comes back after so many ms whatever it was told; null: after what it was told. */
  readonly hammerMs: number | null;
}

/** A full queue that drains at 20 jobs/s; the store's part is the real formula over real marks. */
function simulate({ clients, hammerMs, connections }: Crowd, random: () => number, gapMs: () => number) {
  const startMs = clock.nowMs();
  let depth = 100;
  let takes = 0;
  const mark = { atMs: startMs, takes };
  let marks: DrainMarks = { takes, lastTakeMs: startMs, recent: mark, older: mark };
  const told: number[] = [];
  const real: number[] = [];

  const take = () => {
    depth--;
    takes++;
    const { recent } = marks;
    const isDue = clock.nowMs() - recent.atMs >= 1_000 && takes - recent.takes >= 8;
    const shifted = isDue ? { recent: { atMs: clock.nowMs(), takes }, older: recent } : {};
    marks = { ...marks, ...shifted, takes, lastTakeMs: clock.nowMs() };
    clock.after(gapMs(), take);
  };
  const waits: (() => void)[] = [];
  const client = (port: number) => {
    let refusals: { atMs: number; toldMs: number }[] = [];
    const settle = () => {
      for (const { atMs, toldMs } of refusals) {
        told.push(toldMs);
        real.push(clock.nowMs() - atMs);
      }
      refusals = [];
    };
    let asked = 0;
    const connectionNow = (): LineCaller => {
      asked++;
      if (connections === 'own' || asked === 1) return connection(port);
      if (connections === 'pooled') return connection(1 + Math.floor(random() * clients));
      return connection(port * 1_000_000 + asked);
    };
    const offer = (): void => {
      const caller = connectionNow();
      if (connections === 'new') clock.after(0.5, () => line.abandon(caller));
      if (depth < 100) {
        depth++;
        line.admit(caller);
        settle();
        return void clock.after(random() * 3, offer);
      }
      const firstMs = retryAfterMs(marks, clock.nowMs(), 1, false);
      const rate = drainPerSecond(marks, clock.nowMs());
      const toldMs = line.refuse(caller, { jobs: 1, firstMs, drainPerSecond: rate });
      refusals.push({ atMs: clock.nowMs(), toldMs });
      // A network and a client take their time, too.
      clock.after((hammerMs ?? toldMs) + random() * 3, offer);
    };
    offer();
    waits.push(settle);
  };

  clock.after(gapMs(), take);
  clock.advance(2_000);
  depth = 100;
  for (let port = 1; port <= clients; port++) client(port);
  clock.advance(END_MS);
  // Whoever still waits has waited at least so long: leaving it out would hide starvation.
  for (const settle of waits) settle();
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { ratio: mean(told) / mean(real), refusals: told.length };
}

/** mulberry32: evenly spread in [0, 1), the same in every run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('at a steady drain of 20 jobs/s, what is told is what is waited', () => {
  const drains: Record<string, (random: () => number) => () => number> = {
    'evenly spaced': () => () => 50,
    Poisson: (random) => () => -Math.log(1 - random()) * 50,
  };
  const crowds: Record<string, Crowd> = {
    'one hammering client': { clients: 1, hammerMs: 5, connections: 'own' },
    'one hammering client without keep-alive': { clients: 1, hammerMs: 5, connections: 'new' },
    'one polite client': { clients: 1, hammerMs: null, connections: 'own' },
    '16 polite clients': { clients: 16, hammerMs: null, connections: 'own' },
    '16 polite clients with pooled connections': { clients: 16, hammerMs: null, connections: 'pooled' },
    '16 polite clients without keep-alive': { clients: 16, hammerMs: null, connections: 'new' },
    '64 polite clients': { clients: 64, hammerMs: null, connections: 'own' },
    '16 hammering clients': { clients: 16, hammerMs: 7, connections: 'own' },
  };
  for (const [drain, gaps] of Object.entries(drains)) {
    for (const [crowd, clients] of Object.entries(crowds)) {
      test.for([1, 2, 3])(`${drain}, ${crowd}, seed %i`, (seed) => {
        const random = randomOf(seed);
        const { ratio, refusals } = simulate(clients, random, gaps(random));
        expect(refusals).toBeGreaterThan(100);
        expect(ratio).toBeGreaterThan(0.5);
        expect(ratio).toBeLessThan(1.5);
      });
    }
  }

  test('without the line, 16 polite clients are told far too little', () => {
    line = new (class extends RetryLine {
      override refuse(_: LineCaller, { firstMs }: { firstMs: number }): number {
        return firstMs;
      }
    })(clock);
    expect(
      simulate({ clients: 16, hammerMs: null, connections: 'own' }, randomOf(1), () => 50).ratio,
    ).toBeLessThan(0.5);
  });
});
