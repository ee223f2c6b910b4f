import { expect, test } from 'vitest';
import { handIn, lasting, QUEUE } from './support/jobs.ts';
import { eventually, type Manifest } from './support/kubernetes.ts';
import { underLoad } from './support/load.ts';
import { session } from './support/session.ts';

const { release, api } = session();
const GOOD = 1_000;

const letterOf = (id: string | undefined) =>
  eventually('the poison job is a dead letter', 120_000, async () => {
    const { body } = await api.call('GET', `/v1/queues/${QUEUE}/dead-letters?limit=100`);
    return body?.letters?.find((letter: Manifest) => letter.id === id) ?? null;
  });

test.each([
  {
    who: 'eats memory outside of V8’s heap until the kernel kills its process',
    name: 'hogs',
    reason: /OOMKilled/,
  },
  { who: 'fills its heap until V8 gives up', name: 'leaks', reason: /HeapOutOfMemory/ },
  {
    who: 'eats memory until the kernel kills the container’s first process, and all that is in it',
    name: 'hogs-container',
    reason: /OOMKilled/,
  },
])(
  'a job that $who, among 1,000 good ones: dead-lettered after 3 kills, the good ones finish',
  ({ name, reason }) =>
    underLoad(release, 8, async () => {
      const half = () => lasting(GOOD / 2, 5);
      const before = await handIn(api, 'sleeps', half());
      const poison = await handIn(api, name, [{ ms: 0, times: 1_000_000 }]);
      const after = await handIn(api, 'sleeps', half());
      const letter = await letterOf(poison.ids[0]);
      expect(letter.kills).toHaveLength(3);
      expect(letter.error).toMatch(reason);
      await poison.finished();
      await before.allWell(120_000);
      await after.allWell(120_000);
    }),
);
