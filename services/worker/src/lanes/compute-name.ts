import { MillraceError } from '@millrace/core';
import type { ComputeFunction, Handler } from '@millrace/sdk';

/** The name under which `fn` stands in the handler's `compute` table: a function itself cannot go to a thread. */
export function computeName(handler: Handler, fn: ComputeFunction): string {
  const entry = Object.entries(handler.compute ?? {}).find(([, candidate]) => candidate === fn);
  if (entry) return entry[0];
  throw new MillraceError(
    'handlers_invalid',
    `compute() was given a function that is not in the compute table of "${handler.queue}/${handler.name}": add it there.`,
  );
}
