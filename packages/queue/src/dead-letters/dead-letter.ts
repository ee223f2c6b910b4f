import type { DeadLetter, Kill } from '@millrace/core';
import { provenanceOf } from '../job-origin.ts';
import { json } from '../stored-json.ts';
import type { StoredLetter } from '../types/queue.ts';

/** Which dead letters a job is a replay of: among its options, where stock clients keep it too. */
export const LINEAGE = 'lineage';

type Options = { readonly attempts?: number; readonly [LINEAGE]?: readonly string[] };

/** A dead letter's options. */
export const optionsOf = (fields: Readonly<Record<string, string>>) => (json(fields.opts) ?? {}) as Options;

/**
 * Why it died. `mrDead` is the word of our workers; a stock worker says nothing, and there attempts that were left
 * mean that it was final.
 */
function reasonOf(fields: Readonly<Record<string, string>>): DeadLetter['reason'] {
  if (fields.mrDead === 'poison' || fields.mrDead === 'final') return fields.mrDead;
  return Number(fields.atm ?? 0) < (optionsOf(fields).attempts ?? 1) ? 'final' : 'attempts';
}

/** A failed job's hash as a dead letter; `kills` as they were resolved. */
export function deadLetterOf(
  queue: string,
  id: string,
  fields: Readonly<Record<string, string>>,
  kills: readonly Kill[],
): StoredLetter {
  return {
    ...{ id, queue, name: fields.name ?? '', data: json(fields.data), reason: reasonOf(fields) },
    error: fields.failedReason ?? '',
    diedAtMs: Number(fields.finishedOn ?? 0),
    attemptsMade: Number(fields.atm ?? 0),
    kills,
    lineage: optionsOf(fields)[LINEAGE] ?? [],
    replayedAs: fields.mrReplayedAs ?? null,
    provenance: provenanceOf(queue, id, fields),
  };
}
