import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Api } from './support/api.ts';
import { ended, offer, QUEUE } from './support/jobs.ts';
import { eventually, type Manifest } from './support/kubernetes.ts';
import { shared } from './support/release-setup.ts';

const release = shared();
const GOOD = 1_000;
let api: Api;
beforeAll(async () => {
  api = await release.api();
});
beforeEach(() => release.settled());
afterAll(() => api.close());

const letterOf = (id: string) =>
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
])(
  'a job that $who, among 1,000 good ones: dead-lettered after 3 kills, the good ones finish',
  async ({ name, reason }) => {
    const half = () => Array.from({ length: GOOD / 2 }, () => ({ ms: 5 }));
    const before = await offer(api, 'sleeps', half());
    const [poison = ''] = await offer(api, name, [{ ms: 0, times: 1_000_000 }]);
    const after = await offer(api, 'sleeps', half());
    const letter = await letterOf(poison);
    expect(letter.kills).toHaveLength(3);
    expect(letter.error).toMatch(reason);
    const jobs = await ended(api, [...before, ...after], 120_000);
    expect(jobs.filter(({ state }) => state !== 'completed')).toEqual([]);
  },
);
