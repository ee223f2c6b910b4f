import type { MillraceError } from '@millrace/core';
import { printable } from './text-width.ts';
import { plural } from './units.ts';

/** What came of a row of changes. `left` were not tried, because of `problem`. */
export interface Changed {
  readonly done: readonly { readonly letter: string; readonly job: string | null }[];
  /** There were no such dead letters, or no longer. */
  readonly missing: readonly string[];
  readonly left: readonly string[];
  readonly problem: MillraceError | null;
}

/** Single ids are told up to this many. */
const TOLD = 10;

function doneLines(past: string, queue: string, done: Changed['done']): string[] {
  if (done.length > TOLD) return [`${past} ${plural(done.length, 'dead letter')} of ${queue}.`];
  return done.map(({ letter, job }) =>
    printable(`${past} dead letter ${letter} of ${queue}${job === null ? '' : ` as job ${job}`}.`),
  );
}

/** What was done, what there was not, and what is left. */
export function renderChanged(deed: 'replay' | 'discard', queue: string, changed: Changed): string {
  const { done, missing, left } = changed;
  const past = deed === 'replay' ? 'Replayed' : 'Discarded';
  const lines = doneLines(past, queue, done);
  if (missing.length > 0) {
    const ids = missing.length > TOLD ? '' : `: ${missing.join(', ')}`;
    lines.push(printable(`${plural(missing.length, 'dead letter')} not found${ids}.`));
  }
  if (left.length > 0)
    lines.push(`${plural(left.length, 'dead letter')} left: the same command goes on with them.`);
  return lines.length === 0 ? `No dead letters of ${queue} to ${deed}.` : lines.join('\n');
}
