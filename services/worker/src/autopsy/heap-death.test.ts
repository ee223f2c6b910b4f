import { ManualClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { createHeapDeathWatch } from './heap-death.ts';

const seenIn = (...chunks: string[]) => {
  const watch = createHeapDeathWatch(new ManualClock());
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

test('a report whose process lives on was not its own', () => {
  const clock = new ManualClock();
  const watch = createHeapDeathWatch(clock);
  watch.push('FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n');
  clock.advance(3_000);
  expect(watch.seen).toBe(true);
  clock.advance(3_000);
  watch.push('other words\n');
  expect(watch.seen).toBe(false);
  watch.push('std::bad_alloc\n');
  expect(watch.seen).toBe(true);
});
