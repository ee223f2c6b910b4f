import { describe, expect, it } from 'vitest';
import {
  type Drain,
  droppedOf,
  ledgerOf,
  pairedRatio,
  rateOf,
  sideFigures,
  sinkFaults,
  unseenFailures,
} from './figures.ts';
import { NOTHING } from './sink/sink.ts';

const evenly = (jobs: number, everyMs: number) => Array.from({ length: jobs }, (_, i) => i * everyMs);

function drain(over: Partial<Drain> = {}): Drain {
  return {
    jobs: 1_000,
    endsMs: evenly(1_000, 1),
    ledger: ledgerOf(1_000, [], 1_000),
    cpuMs: 50,
    sent: NOTHING,
    lagMs: 0,
    ...over,
  };
}

describe('figures of drains', () => {
  it('a rate leaves out the waking, and is no rate of nothing', () => {
    expect(rateOf(evenly(1_000, 2))).toBe(500);
    const sleepy = evenly(1_000, 2).map((ms, i) => (i < 50 ? ms - 5_000 : ms));
    expect(rateOf(sleepy.toReversed())).toBe(500);
    expect(rateOf([])).toBeNull();
    expect(rateOf([7])).toBeNull();
  });

  it('a ledger tells what was lost, done twice and started twice', () => {
    expect(ledgerOf(4, ['a', 'b', 'b'], 5)).toEqual({
      accepted: 4,
      done: 2,
      lost: 2,
      duplicateCommits: 1,
      duplicateStarts: 1,
    });
  });

  it('ratios are made pair by pair: what drifts with the machine drops out', () => {
    const at = (everyMs: number) => drain({ endsMs: evenly(1_000, everyMs) });
    const of = [at(2), at(4), at(8)];
    const by = [at(1), at(2), at(4)];
    expect(pairedRatio(of, by)).toEqual({ median: 0.5, low: 0.5, high: 0.5, n: 3 });
    expect(pairedRatio(of, [at(1), drain({ endsMs: [] })])).toMatchObject({ n: 1 });
    expect(pairedRatio([], [])).toEqual({ median: null, low: null, high: null, n: 0 });
  });

  it('a side tells spans, bytes and processor time a job', () => {
    const sent = { ...NOTHING, spans: 2_000, bytes: 1_000_000, byName: { process: 1_000, settle: 1_000 } };
    expect(sideFigures([drain({ sent }), drain({ sent, cpuMs: 70 })])).toMatchObject({
      cpuUsPerJob: 60,
      spansPerJob: { process: 1, settle: 1 },
      bytesPerSpan: 500,
    });
  });

  it('counts what is missing: process spans, failures, and room in the sink', () => {
    const sent = { ...NOTHING, spans: 1_990, byName: { process: 995, settle: 995 }, errors: 0 };
    expect(droppedOf(drain({ sent }))).toBe(5);
    expect(unseenFailures(drain({ sent }))).toBe(1);
    expect(unseenFailures(drain({ sent: { ...sent, errors: 1 } }))).toBe(0);
    // 1,000 jobs/s of 1.99 spans.
    expect(sinkFaults(4_000, [drain({ sent })])).toEqual([]);
    expect(sinkFaults(null, [drain({ sent })])).toEqual([]);
    expect(sinkFaults(3_900, [drain({ sent })])[0]).toContain('up to 1990 came');
  });
});
