import { systemClock } from '@millrace/core';
import { defineHandler } from '@millrace/sdk';
import { mischief } from './_mischief.ts';

/** Objects that stay alive through the next collections, so that these have something to move. */
const KEPT = 200_000;
const BATCH = 5_000;

/** Makes garbage of small objects for `ms`, some of which lives for a while: long pauses of the collector. */
export default defineHandler({
  queue: 'chaos',
  name: 'litters',
  input: mischief,
  async run({ data }) {
    const kept: object[] = [];
    const endMs = systemClock.monotonicMs() + data.ms;
    while (systemClock.monotonicMs() < endMs) {
      for (let i = 0; i < BATCH; i++)
        kept[(Math.imul(i, 2_654_435_761) >>> 0) % KEPT] = { i, text: `litter ${i}` };
      await systemClock.sleep(0);
    }
    return { id: data.id };
  },
});
