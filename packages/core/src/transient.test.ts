import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { TransientMap, TransientSet } from './transient.ts';

setFlagsFromString('--expose-gc');
const collect: (options?: { type: 'minor' }) => void = runInNewContext('gc');

const IN_FLIGHT = 50;
const A_ROUND = 500;
const ROUNDS = 20;
const PAYLOAD = 50;

const oldSpaceBytes = () =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? 0;

/** Bytes that outlive the collections of young objects, while thousands of entries come and go, 50 at a time. */
function promotedBy(enter: (entry: object) => void, leave: (entry: object) => void): number {
  const flight: object[] = [];
  collect();
  const before = oldSpaceBytes();
  for (let round = 0; round < ROUNDS; round++) {
    for (let n = 0; n < A_ROUND; n++) {
      const entry = { payload: new Array(PAYLOAD).fill(n) };
      enter(entry);
      flight.push(entry);
      if (flight.length > IN_FLIGHT) leave(flight.shift() as object);
    }
    collect({ type: 'minor' });
  }
  return oldSpaceBytes() - before;
}

// What plain ones keep is the reason for ours: where these two fail, V8 has mended it, and ours can go.
describe('what comes and goes dies young', () => {
  test('of a TransientMap, and not of a Map', () => {
    const plain = new Map<object, object>();
    const transient = new TransientMap<object, object>();
    const kept = promotedBy(
      (entry) => plain.set(entry, entry),
      (entry) => plain.delete(entry),
    );
    const ours = promotedBy(
      (entry) => transient.set(entry, entry),
      (entry) => transient.delete(entry),
    );
    expect(kept).toBeGreaterThan(4 * ours);
  });

  test('of a TransientSet, and not of a Set', () => {
    const plain = new Set<object>();
    const transient = new TransientSet<object>();
    const kept = promotedBy(
      (entry) => plain.add(entry),
      (entry) => plain.delete(entry),
    );
    const ours = promotedBy(
      (entry) => transient.add(entry),
      (entry) => transient.delete(entry),
    );
    expect(kept).toBeGreaterThan(4 * ours);
  });
});

describe('what is in them', () => {
  test('a TransientMap is a Map, however much has gone', () => {
    const map = new TransientMap<number, string>();
    for (let n = 0; n < 1_000; n++) {
      map.set(n, `value ${n}`);
      if (n >= 5) expect(map.delete(n - 5)).toBe(true);
      expect(map.delete(n - 5)).toBe(false);
    }
    expect(map.size).toBe(5);
    expect([...map.keys()]).toEqual([995, 996, 997, 998, 999]);
    expect([...map][0]).toEqual([995, 'value 995']);
    expect([map.get(999), map.get(994), map.has(999), map.has(994)]).toEqual([
      'value 999',
      undefined,
      true,
      false,
    ]);
  });

  test('a TransientSet is a Set, however much has gone', () => {
    const set = new TransientSet<number>();
    for (let n = 0; n < 1_000; n++) {
      set.add(n);
      if (n >= 5) expect(set.delete(n - 5)).toBe(true);
      expect(set.delete(n - 5)).toBe(false);
    }
    expect([...set]).toEqual([995, 996, 997, 998, 999]);
    expect([set.size, set.has(999), set.has(994)]).toEqual([5, true, false]);
  });
});
