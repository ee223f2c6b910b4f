import type { Config } from '@millrace/core';
import { type Death, deathFaults, type Fault } from '@millrace/local';
import type { Account } from './books.ts';

/** What a fault is judged by. */
export interface Outcome {
  readonly ledger: Account;
  readonly deaths: readonly Death[];
  /** Handlers' names of the jobs that ended in a final failure. */
  readonly failures: readonly string[];
}

/** What a fault's promise has against what became of it. */
export function faultsOf(
  fault: Pick<Fault, 'deaths' | 'deadLetters'>,
  { ledger, deaths, failures }: Outcome,
  config: Pick<Config, 'worker'>,
): readonly string[] {
  const faults: string[] = [];
  if (ledger.lost > 0) faults.push(`${ledger.lost} accepted jobs were never done`);
  if (ledger.duplicateCommits > 0)
    faults.push(`${ledger.duplicateCommits} jobs were committed more than once`);
  if (failures.length !== fault.deadLetters) {
    faults.push(`${failures.length} jobs failed for good, not ${fault.deadLetters}: ${failures.join(', ')}`);
  }
  const innocent = failures.filter((name) => name === 'work').length;
  if (innocent > 0) faults.push(`${innocent} innocent jobs failed for good`);
  return [...faults, ...deathFaults(fault.deaths, deaths, config)];
}
