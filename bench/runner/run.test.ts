import { expect, it } from 'vitest';
import { benchNames, loadBench } from './catalogue.ts';
import { jsonLine, ledgerFaults } from './run.ts';

const ledger = { accepted: 3, done: 3, lost: 0, duplicateCommits: 0, duplicateStarts: 1 };

it('every folder with a main.ts is a bench of its own name', async () => {
  expect(benchNames()).toEqual(expect.arrayContaining(['chaos', 'recovery']));
  for (const name of benchNames()) expect((await loadBench(name)).describe).not.toBe('');
});

it('a bad ledger voids a run', () => {
  expect(ledgerFaults({ ledger })).toEqual([]);
  expect(ledgerFaults({ ledger: { ...ledger, lost: 1, duplicateCommits: 2 } })).toEqual([
    '1 accepted jobs were never done: the run is void',
    '2 jobs were committed more than once: the run is void',
  ]);
});

it('the JSON line names the bench and holds what the contract asks for', () => {
  const command = { name: 'recovery', json: true, quick: true, seconds: null, only: null, seed: 1 };
  const result = {
    ratio: { a: 0.5 },
    ours: {},
    stock: null,
    pairs: [],
    ledger,
    faults: [],
    table: 'for people',
  };
  const line = jsonLine(command, result);
  expect(line.endsWith('\n')).toBe(true);
  const { table: _table, ...told } = result;
  expect(JSON.parse(line)).toEqual({ bench: 'recovery', quick: true, seed: 1, ...told });
});
