import { describe, expect, test } from 'vitest';
import { cutAtEnd, cutAtStart, isContinued } from './cuts.ts';
import { samplingPolicy } from './sampling.ts';

const CUTS = samplingPolicy('cuts', 0.01);
const KEPT = 0xffffffff;
const NOT_KEPT = 0;

describe('which attempts have a span', () => {
  test('the first cut that applies is named', () => {
    const cut = (remote: boolean | null, continued: boolean, hash: number, ...end: [Ends, boolean]) =>
      cutAtEnd(CUTS, cutAtStart(CUTS, hash, remote, continued), ...end)?.cut ?? null;
    type Ends = Parameters<typeof cutAtEnd>[2];
    expect(cut(true, true, KEPT, 'failed', true)).toBe('failed');
    expect(cut(true, true, KEPT, 'retried', true)).toBe('failed');
    expect(cut(true, true, KEPT, 'killed', true)).toBe('failed');
    expect(cut(true, true, KEPT, 'completed', true)).toBe('slow');
    expect(cut(true, true, KEPT, 'completed', false)).toBe('remote');
    expect(cut(false, true, KEPT, 'completed', false)).toBe('continued');
    expect(cut(false, false, KEPT, 'completed', false)).toBe('hash');
    expect(cut(null, false, NOT_KEPT, 'completed', false)).toBeNull();
    // Handed back: it may be slow to do so, but it has not been served.
    expect(cut(null, false, NOT_KEPT, 'returned', true)).toBeNull();
    expect(cut(true, false, NOT_KEPT, 'returned', false)).toBe('remote');
  });

  test('only the hash keeps one for many', () => {
    expect(cutAtStart(CUTS, KEPT, null, false)).toEqual({ cut: 'hash', weight: 100 });
    expect(cutAtStart(CUTS, KEPT, true, false)?.weight).toBe(1);
    expect(cutAtStart(CUTS, KEPT, null, true)?.weight).toBe(1);
    expect(cutAtEnd(CUTS, cutAtStart(CUTS, KEPT, null, false), 'failed', false)?.weight).toBe(1);
  });

  test('the specification’s samplers know nothing of an end', () => {
    const [always, never] = [samplingPolicy('always', 1), samplingPolicy('never', 0)];
    const ratio = samplingPolicy('ratio', 0.25);
    expect(cutAtEnd(always, cutAtStart(always, NOT_KEPT, false, false), 'failed', true)).toEqual({
      cut: 'sampler',
      weight: 1,
    });
    expect(cutAtEnd(never, cutAtStart(never, KEPT, true, true), 'failed', true)).toBeNull();
    expect(cutAtStart(ratio, 2 ** 31, null, true)).toBeNull();
    expect(cutAtEnd(ratio, cutAtStart(ratio, KEPT, null, false), 'failed', true)).toEqual({
      cut: 'hash',
      weight: 4,
    });
  });

  test('parent-based: the client’s flag decides where there is one', () => {
    const policy = samplingPolicy('always', 1, true);
    expect(cutAtStart(policy, NOT_KEPT, true, false)?.cut).toBe('remote');
    expect(cutAtStart(policy, KEPT, false, true)).toBeNull();
    expect(cutAtStart(policy, NOT_KEPT, null, false)?.cut).toBe('sampler');
  });

  test('what goes on with something that has a span is continued', () => {
    expect(isContinued({ before: 1, origin: 'single' })).toBe(true);
    expect(isContinued({ before: null, origin: 'replay' })).toBe(true);
    expect(isContinued({ before: null, origin: 'bulk' })).toBe(false);
  });
});
