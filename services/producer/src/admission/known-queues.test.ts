import { ManualClock, MillraceError } from '@millrace/core';
import { expect, test } from 'vitest';
import { createKnownQueues } from './known-queues.ts';

function boardOf(names: string[]) {
  const calls = { reads: 0, added: [] as string[] };
  let isAway = false;
  const away = () => new MillraceError('store_unavailable', 'away');
  return {
    calls,
    names,
    leave: (gone: boolean) => {
      isAway = gone;
    },
    async queueNames() {
      calls.reads++;
      if (isAway) throw away();
      return names;
    },
    async addQueueName(name: string) {
      if (isAway) throw away();
      calls.added.push(name);
    },
  };
}

test('declared queues are known without a look at the store', async () => {
  const board = boardOf([]);
  board.leave(true);
  await createKnownQueues(['work'], board, new ManualClock()).assert('work');
  expect(board.calls.reads).toBe(0);
});

test('a queue that the store has seen is known, others are not, with a suggestion', async () => {
  const queues = createKnownQueues(['work'], boardOf(['mails']), new ManualClock());
  await queues.assert('mails');
  await expect(queues.assert('mail')).rejects.toMatchObject({
    code: 'not_found',
    message: expect.stringContaining('did you mean "mails"?'),
  });
  expect(await queues.names()).toEqual(['mails', 'work']);
});

test('a flood of unknown names is not a flood of reads, and a new queue is seen soon', async () => {
  const board = boardOf([]);
  const clock = new ManualClock();
  const queues = createKnownQueues([], board, clock);
  await Promise.allSettled(Array.from({ length: 100 }, (_, i) => queues.assert(`no-${i}`)));
  await expect(queues.assert('later')).rejects.toMatchObject({ code: 'not_found' });
  expect(board.calls.reads).toBe(1);
  board.names.push('later');
  clock.advance(500);
  await queues.assert('later');
});

test('with the store away nobody says that a queue is not there', async () => {
  const board = boardOf([]);
  board.leave(true);
  const queues = createKnownQueues([], board, new ManualClock());
  await expect(queues.assert('mails')).rejects.toMatchObject({ code: 'store_unavailable' });
});

test('a used queue is told once, and again if the first time failed', async () => {
  const board = boardOf([]);
  const queues = createKnownQueues([], board, new ManualClock());
  board.leave(true);
  queues.used('mails');
  await Promise.resolve();
  await Promise.resolve();
  board.leave(false);
  queues.used('mails');
  queues.used('mails');
  expect(board.calls.added).toEqual(['mails']);
});
