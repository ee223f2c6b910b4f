import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chunksOf } from './chunks.ts';

it('offers every id once, in order, by the producer it belongs to', () => {
  const size = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 8 }),
      size,
      (jobs, producers, most) => {
        const seen: number[] = [];
        const keys = new Set<string>();
        for (let producer = 0; producer < producers; producer++) {
          const own: number[] = [];
          for (const chunk of chunksOf('run', jobs, producer, producers, most)) {
            expect(chunk.ids.length).toBeGreaterThan(0);
            expect(chunk.ids.length).toBeLessThanOrEqual(most);
            expect(keys.has(chunk.key)).toBe(false);
            keys.add(chunk.key);
            own.push(...chunk.ids);
          }
          expect(own).toEqual([...own].sort((a, b) => a - b));
          expect(own.every((id) => id % producers === producer)).toBe(true);
          seen.push(...own);
        }
        expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: jobs }, (_, id) => id));
      },
    ),
  );
});
