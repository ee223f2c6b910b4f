import { expect, test } from 'vitest';
import { createTail } from './stderr-tail.ts';

test('the newest twenty lines, whatever the chunks, the unfinished last one included', () => {
  const tail = createTail();
  for (let i = 0; i < 30; i++) for (const part of [`li`, `ne ${i}\nx`.slice(0, -1)]) tail.push(part);
  tail.push('last words');
  expect(tail.lines()).toHaveLength(20);
  expect(tail.lines().at(0)).toBe('line 11');
  expect(tail.lines().at(-1)).toBe('last words');
});

test('a line without end is cut, not collected', () => {
  const tail = createTail();
  for (let i = 0; i < 100; i++) tail.push('x'.repeat(1_000));
  expect(tail.lines()).toEqual(['x'.repeat(500)]);
});

test('no escape sequences, no control characters, no half characters: text for every reader', () => {
  const tail = createTail();
  tail.push('\u001b[31mred\u001b[0m\tand \u0000bell\u0007\r\n');
  tail.push(`${'x'.repeat(499)}😀\n`);
  expect(tail.lines()).toEqual(['red and  bell', `${'x'.repeat(499)}\ufffd`]);
  expect(JSON.stringify(tail.lines())).not.toMatch(/\\u/);
});
