import { expect, test } from 'vitest';
import { createHeapDeathWatch } from './heap-death.ts';

const seenIn = (...chunks: string[]) => {
  const watch = createHeapDeathWatch();
  for (const chunk of chunks) watch.push(chunk);
  return watch.seen;
};

test('V8’s report is known, also in pieces and with a long trace after it', () => {
  const line = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory';
  expect(seenIn(`<--- Last few GCs --->\n${line}\n`, '1: 0xb7a940 node::Abort()\n'.repeat(40))).toBe(true);
  for (let cut = 0; cut < line.length; cut++) expect(seenIn(line.slice(0, cut), line.slice(cut))).toBe(true);
});

test('what merely mentions memory is not', () => {
  expect(seenIn('the printer is out of memory\n', 'FATAL ERROR: v8::ToLocalChecked Empty MaybeLocal\n')).toBe(
    false,
  );
});
