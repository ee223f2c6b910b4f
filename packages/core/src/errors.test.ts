import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOGUE, MillraceError } from './errors.ts';

const DOCS = new URL('../../../docs/errors.md', import.meta.url);

describe('the catalogue of errors', () => {
  it('is the table in docs/errors.md, row by row, and each row says what to do', async () => {
    const rows = (await readFile(DOCS, 'utf8'))
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split('|').map((cell) => cell.trim()));
    const told = rows.map(([, code, status, again, title]) => [code, status, again, title]);
    const known = Object.entries(ERROR_CATALOGUE).map(([code, { status, retryable, title }]) => {
      return [`\`${code}\``, String(status), retryable ? 'yes' : 'no', title];
    });
    expect(told).toEqual(known);
    expect(rows.filter(([, , , , , toDo]) => toDo === '')).toEqual([]);
  });

  it('gives an error its status', () => {
    expect(new MillraceError('queue_full', 'Full.').status).toBe(429);
  });
});
