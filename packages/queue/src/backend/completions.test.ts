import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Completion, Completions } from './completions.ts';

const named = (jobId: string): Completion => ({
  ...{ jobId, token: 'pod.1:1', startNumber: 1, attemptsMade: 1, returnValue: 'null', takesNext: true },
});

/** A store that answers when it is told to. */
function slowStore() {
  const sets: { ids: string[]; answer(): void; fail(error: Error): void }[] = [];
  const completions = new Completions<string>(
    (set) =>
      new Promise((resolve, reject) => {
        const ids = set.map(({ jobId }) => jobId);
        sets.push({ ids, answer: () => resolve(ids.map((id) => `${id} done`)), fail: reject });
      }),
  );
  const add = (...ids: string[]) => Promise.allSettled(ids.map((id) => completions.add(named(id))));
  return { sets, add };
}

test('those of one turn go together, and each hears its own answer', async () => {
  const { sets, add } = slowStore();
  const answers = add('a', 'b', 'c');
  await turn();
  expect(sets.map(({ ids }) => ids)).toEqual([['a', 'b', 'c']]);
  sets[0]?.answer();
  expect(await answers).toMatchObject([{ value: 'a done' }, { value: 'b done' }, { value: 'c done' }]);
});

test('a lone one waits for no other; while four are under way the rest gathers', async () => {
  const { sets, add } = slowStore();
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) {
    void add(id);
    await turn();
  }
  expect(sets.map(({ ids }) => ids)).toEqual([['a'], ['b'], ['c'], ['d']]);
  sets[1]?.answer();
  await turn();
  await turn();
  expect(sets.at(-1)?.ids).toEqual(['e', 'f']);
});

test('no set is larger than what the store does in about a millisecond', async () => {
  const { sets, add } = slowStore();
  void add(...Array.from({ length: 72 }, (_, i) => String(i)));
  await turn();
  expect(sets.map(({ ids }) => ids.length)).toEqual([16, 16, 16, 16]);
  sets[0]?.answer();
  await turn();
  await turn();
  expect(sets.at(-1)?.ids).toHaveLength(8);
});

test('a call that fails fails for each of its set, and no other', async () => {
  const { sets, add } = slowStore();
  const first = add('a', 'b');
  await turn();
  const second = add('c');
  await turn();
  sets[0]?.fail(new Error('cut'));
  sets[1]?.answer();
  expect(await first).toMatchObject([{ reason: { message: 'cut' } }, { reason: { message: 'cut' } }]);
  expect(await second).toMatchObject([{ value: 'c done' }]);
});
