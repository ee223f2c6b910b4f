import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Line, lineBatches } from './line-batches.ts';

async function* inChunks(bytes: Buffer, sizes: readonly number[]) {
  let from = 0;
  for (const size of sizes) {
    if (from >= bytes.length) return;
    yield bytes.subarray(from, from + size);
    from += size;
  }
  if (from < bytes.length) yield bytes.subarray(from);
}

async function linesOf(bytes: Buffer, sizes: readonly number[], maxLines = 7, maxLineBytes = 1_000) {
  const lines: Line[] = [];
  for await (const batch of lineBatches(inChunks(bytes, sizes), { maxLineBytes, maxLines })) {
    expect(batch.length).toBeGreaterThan(0);
    expect(batch.length).toBeLessThanOrEqual(maxLines);
    lines.push(...batch);
  }
  return lines.map(({ number, bytes }) => [number, bytes?.toString() ?? null]);
}

test('law: the lines do not depend on how the bytes were cut', async () => {
  const text = fc.array(
    fc.string({ unit: 'binary', maxLength: 20 }).map((line) => line.replaceAll('\n', '')),
  );
  const sizes = fc.array(fc.integer({ min: 1, max: 30 }));
  await fc.assert(
    fc.asyncProperty(text, sizes, async (lines, cuts) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      expect(await linesOf(bytes, cuts)).toEqual(
        lines.map((line, index) => [index + 1, Buffer.from(line).toString()]),
      );
    }),
  );
});

test('the last line needs no end', async () => {
  expect(await linesOf(Buffer.from('a\nb'), [])).toEqual([
    [1, 'a'],
    [2, 'b'],
  ]);
});

test('a line over the limit is dropped alone, however it was cut', async () => {
  const bytes = Buffer.from(`a\n${'x'.repeat(11)}\nb\n${'y'.repeat(10)}\n${'z'.repeat(99)}`);
  for (const sizes of [[], Array(200).fill(1), [3, 4, 5, 6, 7]]) {
    expect(await linesOf(bytes, sizes, 7, 10)).toEqual([
      [1, 'a'],
      [2, null],
      [3, 'b'],
      [4, 'y'.repeat(10)],
      [5, null],
    ]);
  }
});

test('nothing more is read before the last batch was dealt with', async () => {
  let read = 0;
  async function* source() {
    for (;;) {
      read++;
      yield Buffer.from('1\n2\n3\n4\n');
    }
  }
  const batches = lineBatches(source(), { maxLineBytes: 10, maxLines: 2 });
  await batches.next();
  await batches.next();
  expect(read).toBe(1);
  await batches.next();
  expect(read).toBe(2);
});
