import { describe, expect, it } from 'vitest';
import { crashes, victimSlot } from './crashes.ts';
import { defaultParameters } from './parameters.ts';

describe('crashes', () => {
  it('are off if and only if crash_max_ms is 0', () => {
    expect([...crashes({ ...defaultParameters(1), crash_min_ms: 300 })]).toEqual([]);
    expect(crashes({ ...defaultParameters(1), crash_max_ms: 1 }).next().done).toBe(false);
  });

  it('keep to their interval and their slots', () => {
    const p = { ...defaultParameters(1), crash_min_ms: 20_000, crash_max_ms: 25_000, crash_slots: 3 };
    let lastMs = 0;
    let seen = 0;
    for (const { atMs, drawn } of crashes(p)) {
      expect(atMs - lastMs).toBeGreaterThanOrEqual(20_000);
      expect(atMs - lastMs).toBeLessThanOrEqual(25_000);
      expect([0, 1, 2]).toContain(drawn);
      lastMs = atMs;
      if (++seen === 500) break;
    }
  });
});

describe('victimSlot', () => {
  const up =
    (...slots: number[]) =>
    (slot: number) =>
      slots.includes(slot);

  it('is the drawn slot, or the next above that is up, cyclically', () => {
    expect(victimSlot(2, 4, up(0, 1, 2, 3))).toBe(2);
    expect(victimSlot(2, 4, up(0, 1, 3))).toBe(3);
    expect(victimSlot(2, 4, up(0, 1))).toBe(0);
    expect(victimSlot(3, 4, up(2))).toBe(2);
  });

  it('is null when nothing is up', () => {
    expect(victimSlot(2, 4, up())).toBeNull();
  });
});
