import { describe, expect, test } from 'vitest';
import { hashOfTraceId, jobHash, traceIdOf } from './ids.ts';
import { samplingPolicy } from './sampling.ts';
import { startCutOf } from './start-cut.ts';

const job = { queue: 'work', id: '7', timestampMs: 5, origin: 'single' } as const;
const replay = { ...job, origin: 'replay' } as const;
const parent = (isSampled: boolean, traceId = 'ff'.repeat(16)) => ({
  ...{ traceId, spanId: 'cd'.repeat(8), isSampled },
});
const cuts = samplingPolicy('cuts', 0);
const cutOf = (...args: Parameters<typeof startCutOf>) => startCutOf(...args)?.cut ?? null;

describe('a job of a client', () => {
  test('is kept as the client wishes, under our cuts and under parentbased samplers', () => {
    expect(cutOf(cuts, job, parent(true), false)).toBe('remote');
    expect(cutOf(cuts, job, parent(false), false)).toBeNull();
    expect(cutOf(samplingPolicy('never', 0, true), job, parent(true), false)).toBe('remote');
    expect(cutOf(samplingPolicy('always', 1, true), job, parent(false), false)).toBeNull();
  });

  test('under a ratio is judged by its trace, so that all of a trace is kept or nothing', () => {
    const hash = jobHash(job.queue, job.id, job.timestampMs);
    expect(hashOfTraceId(traceIdOf(job.queue, job.id, job.timestampMs))).toBe(hash);
    const half = samplingPolicy('ratio', 0.5);
    expect(cutOf(half, job, parent(true, 'ff'.repeat(16)), false)).toBe('hash');
    expect(cutOf(half, job, parent(true, '11'.repeat(16)), false)).toBeNull();
  });
});

describe('a replay', () => {
  test('goes on with its dead letter: nobody’s wish keeps it, and nobody’s drops it', () => {
    for (const sampled of [true, false]) {
      expect(cutOf(cuts, replay, parent(sampled), true)).toBe('continued');
      expect(cutOf(samplingPolicy('always', 1, true), replay, parent(sampled), true)).toBe('sampler');
      expect(cutOf(samplingPolicy('never', 0, true), replay, parent(sampled), true)).toBeNull();
    }
  });
});
