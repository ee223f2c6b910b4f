import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createSpanCounter, openSpanCount } from './span-count.ts';

test('what one process writes the other reads, and no file is left', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-test-'));
  const count = openSpanCount(['/nowhere', folder]);
  if (count === null) throw new Error('no folder can be written');
  expect(readdirSync(folder)).toEqual([]);
  expect(count.read()).toEqual({ kept: 0, dropped: 0, excess: 0 });
  const counter = createSpanCounter(count.file);
  counter.keep(3);
  counter.keep(4);
  counter.drop(2);
  counter.exceeded(5);
  counter.exceeded(6);
  expect(count.read()).toEqual({ kept: 7, dropped: 2, excess: 6 });
  count.close();
  await rm(folder, { recursive: true });
});

test('what comes together is written once, behind it, or when it is asked for', async () => {
  const count = openSpanCount();
  if (count === null) throw new Error('no folder can be written');
  const counter = createSpanCounter(count.file);
  counter.asOne(() => {
    counter.keep(3);
    counter.drop(1);
    expect(count.read()).toMatchObject({ kept: 0, dropped: 0 });
    counter.tell();
    expect(count.read()).toMatchObject({ kept: 3, dropped: 1 });
    counter.keep(4);
  });
  expect(count.read()).toMatchObject({ kept: 7, dropped: 1 });
  const fail = () => {
    counter.keep(1);
    throw new Error('a listener');
  };
  expect(() => counter.asOne(fail)).toThrow('a listener');
  counter.keep(1);
  expect(count.read()).toMatchObject({ kept: 9 });
  count.close();
});

test('where nothing can be written nothing is counted', () => {
  expect(existsSync('/nowhere')).toBe(false);
  expect(openSpanCount(['/nowhere', '/proc'])).toBeNull();
});
