import { compileConfig } from '@millrace/core';
import type { Death } from '@millrace/local';
import { describe, expect, test } from 'vitest';
import type { Account } from './books.ts';
import { faultsOf, type Outcome } from './verdict.ts';

const ledger: Account = {
  ...{
    accepted: 10,
    done: 10,
    deadLettered: 0,
    lost: 0,
    duplicateCommits: 0,
    duplicateStarts: 3,
    returned: 3,
  },
};
const config = compileConfig({}, '');
const kill = { deaths: { least: 1, most: 2, causes: ['killed'] }, deadLetters: 0 } as const;
const death = (cause: string): Death => ({ worker: 'w', cause, blame: 'unknown' });
const good: Outcome = { ledger, deaths: [death('killed')], failures: [] };

describe('a fault is survived', () => {
  test('when nothing is lost, nothing twice, and only those died that may', () => {
    expect(faultsOf(kill, good, config)).toEqual([]);
  });

  test.each<[string, Partial<Outcome>]>([
    ['a lost job', { ledger: { ...ledger, lost: 1 } }],
    ['a second commit', { ledger: { ...ledger, duplicateCommits: 1 } }],
    ['a failed job', { failures: ['poison'] }],
    ['too many deaths', { deaths: [death('killed'), death('killed'), death('killed')] }],
    ['no death at all', { deaths: [] }],
    ['a death of another cause', { deaths: [death('hung')] }],
  ])('not with %s', (_name, over) => {
    expect(faultsOf(kill, { ...good, ...over }, config)).toHaveLength(1);
  });

  test('not when the wrong job pays for the poison', () => {
    const poison = { ...kill, deadLetters: 1 };
    expect(faultsOf(poison, { ...good, failures: ['poison'] }, config)).toEqual([]);
    expect(faultsOf(poison, { ...good, failures: ['work'] }, config)).toEqual([
      '1 innocent jobs failed for good',
    ]);
  });
});
