import { ManualClock } from '@millrace/core';
import { describe, expect, it } from 'vitest';
import { createTally } from './upload-tally.ts';

describe('a tally', () => {
  it('tells lines that are bad from lines that came at a bad time', () => {
    const tally = createTally(new ManualClock(), null);
    tally.add({ line: 1, status: 202, id: '1' });
    tally.add({ line: 2, status: 422, code: 'invalid_data' });
    tally.add({ line: 3, status: 400, code: 'malformed' });
    tally.add({ line: 4, status: 503, code: 'store_unavailable' });
    tally.add({ line: 5, status: 422, code: 'invalid_data' });
    expect(tally.progress()).toMatchObject({ accepted: 1, refused: 1, badLines: 3 });
    expect(tally.codes()).toEqual({ invalid_data: 2, malformed: 1, store_unavailable: 1 });
  });

  it('measures how far it is by what was answered, not by what was sent', () => {
    const tally = createTally(new ManualClock(), 1_000);
    const at = () => tally.progress().bytesAnswered;
    tally.sent(600, 6);
    tally.sent(400, 2);
    expect(at()).toBe(0);
    tally.add({ line: 3, status: 202 });
    expect(at()).toBe(300);
    tally.add({ line: 6, status: 202 });
    expect(at()).toBe(600);
    tally.add({ line: 7, status: 202 });
    expect(at()).toBe(800);
    tally.add({ line: 8, status: 202 });
    expect(at()).toBe(1_000);
  });

  it('shows the rate of the last two seconds', () => {
    const clock = new ManualClock();
    const tally = createTally(clock, null);
    let line = 0;
    const pass = (seconds: number, perTick: number) => {
      for (let tick = 0; tick < seconds * 10; tick++) {
        for (let done = 0; done < perTick; done++) tally.add({ line: ++line, status: 202 });
        clock.advance(100);
        tally.progress();
      }
    };
    pass(5, 100);
    expect(tally.progress().perSecond).toBeCloseTo(1_000, -2);
    pass(3, 10);
    expect(tally.progress().perSecond).toBeCloseTo(100, -1);
    pass(3, 0);
    expect(tally.progress().perSecond).toBe(0);
  });
});
