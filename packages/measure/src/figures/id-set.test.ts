import fc from 'fast-check';
import { expect, it } from 'vitest';
import { IdSet } from './id-set.ts';

it('is a set, whatever the numbers', () => {
  const id = fc.oneof(fc.nat(2_000), fc.integer({ min: 2 ** 27 - 2, max: 2 ** 27 + 2 }), fc.maxSafeNat());
  fc.assert(
    fc.property(fc.array(id), (ids) => {
      const [ours, theirs] = [new IdSet(), new Set<number>()];
      for (const one of ids) {
        expect(ours.add(one)).toBe(!theirs.has(one));
        theirs.add(one);
      }
      expect(ours.size).toBe(theirs.size);
    }),
  );
});
