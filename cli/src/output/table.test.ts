import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPaint } from './colour.ts';
import { type Column, renderTable } from './table.ts';
import { textWidth } from './text-width.ts';

const plain = createPaint(false);

interface Row {
  readonly name: string;
  readonly size: number;
  readonly note: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', value: (row) => row.name, shrinkTo: 6 },
  { title: 'SIZE', value: (row) => String(row.size), align: 'right' },
  { title: 'NOTE', value: (row) => row.note, optional: 1 },
];

const ROWS: readonly Row[] = [
  { name: 'images', size: 7, note: 'small' },
  { name: 'a-rather-long-name', size: 12_000, note: 'large' },
];

describe('a table', () => {
  it('shows everything where there is room', () => {
    expect(renderTable(COLUMNS, ROWS, { width: 80, paint: plain })).toMatchInlineSnapshot(`
      "NAME                 SIZE  NOTE
      images                  7  small
      a-rather-long-name  12000  large"
    `);
  });

  it('cuts cells before it drops columns', () => {
    expect(renderTable(COLUMNS, ROWS, { width: 24, paint: plain })).toMatchInlineSnapshot(`
      "NAME         SIZE  NOTE
      images          7  small
      a-rather-…  12000  large"
    `);
  });

  it('drops optional columns when cutting is not enough', () => {
    expect(renderTable(COLUMNS, ROWS, { width: 16, paint: plain })).toMatchInlineSnapshot(`
      "NAME        SIZE
      images         7
      a-rather…  12000"
    `);
  });

  it('lines up whatever script its cells are in', () => {
    const rows = [
      { name: '画像', size: 1, note: '' },
      { name: 'é́', size: 22, note: '🙂' },
    ];
    expect(renderTable(COLUMNS, rows, { width: 80, paint: plain })).toMatchInlineSnapshot(`
      "NAME  SIZE  NOTE
      画像     1
      é́       22  🙂"
    `);
  });

  it('colours cells without moving them', () => {
    const paint = createPaint(true);
    const columns = [{ ...COLUMNS[0], colour: paint.red } as Column<Row>];
    const [, row] = renderTable(columns, ROWS, { width: 80, paint }).split('\n');
    expect(row).toContain('\u001b[31mimages            \u001b[39m');
    expect(textWidth(row ?? '')).toBe('a-rather-long-name'.length);
  });

  it('never obeys what stands in a cell', () => {
    const rows = [{ name: '\u001b[2J\nx', size: 1, note: '\u202e' }];
    expect(renderTable(COLUMNS, rows, { width: 80, paint: plain })).toContain('\\u001b[2J\\nx');
  });

  it('is never wider than asked, as long as the columns that stay can be', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 60 })),
        fc.integer({ min: 14, max: 100 }),
        (names, width) => {
          const rows = names.map((name) => ({ name, size: name.length, note: name }));
          const lines = renderTable(COLUMNS, rows, { width, paint: plain }).split('\n');
          for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width);
          expect(lines).toHaveLength(rows.length + 1);
        },
      ),
    );
  });
});
