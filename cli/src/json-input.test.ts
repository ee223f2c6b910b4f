import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from './json-input.ts';

function complaint(text: string): string {
  try {
    parseJson(text, 'the data');
    return 'fine';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a fault in JSON', () => {
  it.each([
    ['{"a":1,}', 'line 1, column 8'],
    ["{'a':1}", 'line 1, column 2'],
    ['{"a":', 'line 1, column 6'],
    ['', 'line 1, column 1'],
    ['not json', 'line 1, column 2'],
    ['{"a":\n  nope}', 'line 2, column 4'],
    ['[1,\n\n 2 3]', 'line 3, column 4'],
    ['{"a":"b\u0001"}', 'line 1, column 8'],
    ['{"a":1} x', 'line 1, column 9'],
  ])('%j is told with its place', (text, place) => expect(complaint(text)).toContain(place));

  it('shows the place', () => {
    expect(complaint('{"seed": 42, "id": one}')).toMatchInlineSnapshot(`
      "the data is not JSON: "o" is not expected here (line 1, column 20)
        {"seed": 42, "id": one}
                           ^"
    `);
    expect(complaint(`{"text": "${'x'.repeat(100)}", oops}`)).toMatchInlineSnapshot(`
      "the data is not JSON: Expected double-quoted property name (line 1, column 114)
        xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", oops}
                                                ^"
    `);
  });

  it('always has a place within the text, whatever is cut out of or put into it', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.string({ maxLength: 2 }), (text, seed, inserted) => {
        const at = seed % (text.length + 1);
        const broken = text.slice(0, at) + inserted + text.slice(at + 1);
        const said = complaint(broken);
        const column = /column (\d+)/.exec(said);
        if (said !== 'fine') expect(Number(column?.[1])).toBeGreaterThan(0);
        if (said !== 'fine') expect(Number(column?.[1])).toBeLessThanOrEqual(broken.length + 1);
      }),
    );
  });
});
