import { describe, expect, test } from 'vitest';
import {
  childSpanIdOf,
  hashOfTraceId,
  isHashSampled,
  jobHash,
  recoveryPlaceOf,
  recoveryTraceIdOf,
  spanIdOf,
  traceIdOf,
} from './ids.ts';

const NOW = 1_790_000_000_000;

describe('derived ids', () => {
  test('are the same for the same, and other for whatever differs', () => {
    const trace = traceIdOf('images', '7', NOW);
    expect(trace).toMatch(/^[1-9a-f][0-9a-f]{31}$/);
    expect(traceIdOf('images', '7', NOW)).toBe(trace);
    const others = [
      traceIdOf('image', 's7', NOW),
      traceIdOf('images', '8', NOW),
      traceIdOf('images', '7', NOW + 1),
      traceIdOf('images', '7', NOW + 2 ** 32),
      recoveryTraceIdOf('7'),
    ];
    expect(new Set([trace, ...others]).size).toBe(6);
    const spans = [
      spanIdOf(trace, 'images', '7', 0),
      spanIdOf(trace, 'images', '7', 1),
      spanIdOf(trace, 'images', '8', 1),
      spanIdOf(trace, 'thumbs', '7', 1),
      spanIdOf(others[0] ?? '', 'images', '7', 1),
      childSpanIdOf(recoveryPlaceOf('w1'), 'restart', 0),
      childSpanIdOf(recoveryPlaceOf('w1'), 'restart', 1),
      recoveryPlaceOf('w1').spanId,
    ];
    expect(new Set(spans).size).toBe(8);
    for (const span of spans) expect(span).toMatch(/^[1-9a-f][0-9a-f]{15}$/);
  });

  test('stay what they are: a supervisor of the next version must find the spans of this one’s jobs', () => {
    expect(traceIdOf('images', '7', NOW)).toMatchInlineSnapshot(`"9fbb8f1ee93f11ccc1ece5c0518c78a7"`);
    expect(spanIdOf(traceIdOf('images', '7', NOW), 'images', '7', 1)).toMatchInlineSnapshot(
      `"76fa8bf2fd20bc10"`,
    );
  });

  test('do not collide among many jobs of one millisecond', () => {
    const seen = new Set<string>();
    for (let id = 0; id < 100_000; id++) seen.add(traceIdOf('q', String(id), NOW).slice(0, 16));
    expect(seen.size).toBe(100_000);
  });

  test('the hash keeps the share it is told, of running ids as of random ones, and a trace id decides alike', () => {
    for (const rate of [0.01, 0.1, 0.5]) {
      let kept = 0;
      for (let id = 0; id < 100_000; id++)
        if (isHashSampled(jobHash('q', String(id), NOW + id), rate)) kept++;
      const deviation = Math.sqrt(100_000 * rate * (1 - rate));
      expect(Math.abs(kept - 100_000 * rate)).toBeLessThan(4 * deviation);
    }
    expect(hashOfTraceId(traceIdOf('q', '9', NOW))).toBe(jobHash('q', '9', NOW));
    expect(isHashSampled(jobHash('q', '9', NOW), 1)).toBe(true);
    expect(isHashSampled(0xffffffff, 0)).toBe(false);
    // The threshold of 1/4, where the low 56 bits begin with 0xc0.
    expect(isHashSampled('0af7651916cd43dd84c00000001c0319', 0.25)).toBe(true);
    expect(isHashSampled('0af7651916cd43dd84bfffffff1c0319', 0.25)).toBe(false);
  });
});
