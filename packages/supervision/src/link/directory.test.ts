import { ManualClock, silentLog } from '@millrace/core';
import { expect, test } from 'vitest';
import { createDirectory } from './directory.ts';

function directory(addresses: readonly string[], answers: Record<string, readonly string[]>) {
  const clock = new ManualClock();
  const told: (readonly string[])[] = [];
  const asked: string[] = [];
  const made = createDirectory({
    ...{ addresses, clock, log: silentLog, onAddresses: (list) => told.push(list) },
    async lookup(host) {
      asked.push(host);
      const found = answers[host];
      if (!found) throw new Error('ENOTFOUND');
      return found;
    },
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { made, clock, told, asked, answers, settle };
}

test('addresses and localhost are dialled as they are, at once, and nobody is asked', async () => {
  const { made, told, asked, clock, settle } = directory(
    ['10.0.0.1:9470', '[fd00::1]:9470', 'localhost:1'],
    {},
  );
  made.start();
  expect(told).toEqual([['10.0.0.1:9470', '[fd00::1]:9470', 'localhost:1']]);
  clock.advance(60_000);
  await settle();
  expect(asked).toEqual([]);
  expect(told).toHaveLength(1);
  made.stop();
});

test('a name stands for all of its addresses; who comes is found within 5 s', async () => {
  const { made, told, answers, clock, settle } = directory(['sup.ns.svc:9470'], {
    'sup.ns.svc': ['10.0.0.2', '10.0.0.1'],
  });
  made.start();
  await settle();
  answers['sup.ns.svc'] = ['10.0.0.2', '10.0.0.3'];
  clock.advance(4_999);
  await settle();
  expect(told.slice(1)).toEqual([['10.0.0.1:9470', '10.0.0.2:9470']]);
  clock.advance(1);
  await settle();
  expect(told.slice(2)).toEqual([['10.0.0.2:9470', '10.0.0.3:9470']]);
  made.stop();
});

test('it looks at once when asked, and once more when asked meanwhile', async () => {
  const { made, asked, settle } = directory(['sup:1'], { sup: ['10.0.0.1'] });
  made.start();
  made.look();
  made.look();
  await settle();
  expect(asked).toEqual(['sup', 'sup']);
  made.stop();
});

test('a name that is not resolved keeps what it had', async () => {
  const { made, told, answers, settle } = directory(['sup:1'], { sup: ['10.0.0.1'] });
  made.start();
  await settle();
  delete answers.sup;
  made.look();
  await settle();
  expect(told).toEqual([[], ['10.0.0.1:1']]);
  made.stop();
});

test('of two families only the first counts: both lead to the same supervisors', async () => {
  const { made, told, settle } = directory(['sup:1'], { sup: ['fd00::2', '10.0.0.1', 'fd00::1'] });
  made.start();
  await settle();
  expect(told.at(-1)).toEqual(['[fd00::1]:1', '[fd00::2]:1']);
  made.stop();
});

test('nothing is told after the stop', async () => {
  const { made, told, settle } = directory(['sup:1'], { sup: ['10.0.0.1'] });
  made.start();
  made.stop();
  await settle();
  expect(told).toEqual([[]]);
});
