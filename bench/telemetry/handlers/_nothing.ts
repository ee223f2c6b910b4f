import { defineHandler } from '@millrace/sdk';
import type { Side } from '../sides.ts';
import { queueOf } from '../sides.ts';
import { type NoopData, noop } from '../work.ts';

/** A handler that does next to nothing, for the queue of one side: its cost hides nobody's. */
export function nothing(side: Side) {
  return defineHandler({
    queue: queueOf(side),
    name: 'noop',
    run: ({ data }) => noop(data as NoopData),
  });
}
