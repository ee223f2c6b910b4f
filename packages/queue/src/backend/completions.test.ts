import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Completion, Completions } from './completions.ts';
import { Turns } from './turns.ts';

const named = (jobId: string, returnValue = 'null'): Completion => ({
  ...{ jobId, token: 'pod.1:1', startNumber: 1, attemptsMade: 1, returnValue, takesNext: true, stamps: '' },
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
    new Turns(() => 0),
  );
  const add = (...ids: string[]) => Promise.allSettled(ids.map((id) => completions.add(named(id))));
  return { sets, add, completions };
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

test('large values go in smaller sets, the largest alone', async () => {
  const { sets, completions } = slowStore();
  const lengths = { a: 40_000, b: 20_000, c: 20_000, d: 200_000, e: 10 };
  for (const [id, length] of Object.entries(lengths)) void completions.add(named(id, 'x'.repeat(length)));
  await turn();
  expect(sets.map(({ ids }) => ids)).toEqual([['a', 'b'], ['c'], ['d'], ['e']]);
});

test('what waits is sent at once when somebody must come behind it', () => {
  const { sets, completions } = slowStore();
  for (let i = 0; i < 100; i++) void completions.add(named(String(i)));
  completions.flush();
  expect(sets.flatMap(({ ids }) => ids)).toHaveLength(100);
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
