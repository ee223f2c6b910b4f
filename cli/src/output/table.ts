import type { Paint } from './colour.ts';
import { printable, textWidth, truncate } from './text-width.ts';

/** One column of a table over rows of `R`. */
export interface Column<R> {
  readonly title: string;
  readonly value: (row: R) => string;
  readonly align?: 'left' | 'right';
  /** Narrowest width the column may be cut to when the table does not fit; without it, it is never cut. */
  readonly shrinkTo?: number;
  /** Which columns go first when even cutting does not help: the highest number. 0 (default) stays. */
  readonly optional?: number;
  readonly colour?: (cell: string, row: R) => string;
}

const GAP = 2;

function totalWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1);
}

/** Takes one column at a time from the widest that may still shrink, until the table fits or none may. */
function shrink<R>(columns: readonly Column<R>[], natural: readonly number[], limit: number): number[] {
  const widths = [...natural];
  while (totalWidth(widths) > limit) {
    let widest = -1;
    columns.forEach((column, at) => {
      const width = widths[at] ?? 0;
      const floor = Math.max(column.shrinkTo ?? width, textWidth(column.title));
      if (width > floor && width > (widths[widest] ?? -1)) widest = at;
    });
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function fitting<R>(
  columns: readonly Column<R>[],
  rows: readonly R[],
  limit: number,
): { columns: readonly Column<R>[]; widths: number[] } {
  const natural = columns.map((column) =>
    Math.max(textWidth(column.title), ...rows.map((row) => textWidth(printable(column.value(row))))),
  );
  const widths = shrink(columns, natural, limit);
  if (totalWidth(widths) <= limit) return { columns, widths };
  const dropped = Math.max(...columns.map((column) => column.optional ?? 0));
  if (dropped === 0) return { columns, widths };
  return fitting(
    columns.filter((column) => (column.optional ?? 0) < dropped),
    rows,
    limit,
  );
}

function pad(text: string, width: number, align: 'left' | 'right' | undefined): string {
  const fill = ' '.repeat(Math.max(0, width - textWidth(text)));
  return align === 'right' ? fill + text : text + fill;
}

/**
 * A table of at most `width` columns: first cells are cut, then optional columns left out. Cells are made
 * printable; only `colour` may add escape codes, after the cutting.
 */
export function renderTable<R>(
  allColumns: readonly Column<R>[],
  rows: readonly R[],
  layout: { readonly width: number; readonly paint: Paint },
): string {
  const { columns, widths } = fitting(allColumns, rows, layout.width);
  const line = (cell: (column: Column<R>, width: number) => string) =>
    columns
      .map((column, at) => cell(column, widths[at] ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd();
  const heading = line((column, width) => layout.paint.dim(pad(column.title, width, column.align)));
  const body = rows.map((row) =>
    line((column, width) => {
      const text = pad(truncate(printable(column.value(row)), width), width, column.align);
      return column.colour && text.trim() !== '' ? column.colour(text, row) : text;
    }),
  );
  return [heading, ...body].join('\n');
}
