import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textLines, wholeLines } from './ndjson-lines.ts';

/** `text` as a stream that breaks at the given places. */
function broken(text: string, cuts: readonly number[]): Readable {
  const bytes = Buffer.from(text);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return Readable.from(places.slice(1).map((end, at) => bytes.subarray(places[at], end)));
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of source) found.push(item);
  return found;
}

describe('lines of an input', () => {
  it('are sent whole, wherever the stream breaks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat()), async (lines, cuts) => {
        const text = lines.map((line) => `${line.replaceAll('\n', '')}\n`).join('');
        const sent: Buffer[] = [];
        let counted = 0;
        for await (const piece of wholeLines(broken(text, cuts))) {
          expect(piece.bytes.at(-1)).toBe(0x0a);
          sent.push(piece.bytes);
          counted += piece.count;
        }
        expect(Buffer.concat(sent).toString()).toBe(text);
        expect(counted).toBe(lines.length);
      }),
    );
  });

  it('include a last one without an end', async () => {
    const pieces = await collect(wholeLines(broken('a\nb', [])));
    expect(pieces.map(({ bytes, count }) => [bytes.toString(), count])).toEqual([
      ['a\n', 1],
      ['b', 1],
    ]);
  });

  it('are passed on in pieces when one is endless, instead of being held', async () => {
    const chunk = Buffer.alloc(700_000, 'x');
    let given = 0;
    const endless = Readable.from(
      (function* () {
        while (given < 10) {
          given++;
          yield chunk;
        }
      })(),
    );
    const pieces = wholeLines(endless);
    const first = await pieces.next();
    expect(first.value?.bytes.length).toBe(1_400_000);
    expect(given).toBeLessThan(10);
    await pieces.return(undefined);
  });
});

describe('lines of an answer', () => {
  it('are the same wherever it breaks, also inside a character', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat()), async (words, cuts) => {
        const lines = words.map((word) => JSON.stringify(word));
        const read = await collect(textLines(broken(lines.join('\n'), cuts)));
        expect(read).toEqual(lines);
      }),
    );
  });
});
