import fc from 'fast-check';
import { expect, it } from 'vitest';
import call from './call.ts';
import { runHandler } from './testing/run-handler.ts';

it('sums 1 to n, exactly', async () => {
  expect(await runHandler(call, { n: 0 })).toEqual({ kind: 'ok', value: { sum: 0 } });
  expect(await runHandler(call, { n: 100 })).toEqual({ kind: 'ok', value: { sum: 5050 } });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 27 - 1 }), async (n) => {
      const sum = Number((BigInt(n) * (BigInt(n) + 1n)) / 2n);
      expect(await runHandler(call, { n })).toEqual({ kind: 'ok', value: { sum } });
    }),
  );
});

it.each([{}, { n: -1 }, { n: 1.5 }, { n: 2 ** 27 }, { n: '3' }, { n: null }])('refuses %j', async (data) => {
  expect(await runHandler(call, data)).toEqual({ kind: 'invalid', paths: ['n'] });
});
