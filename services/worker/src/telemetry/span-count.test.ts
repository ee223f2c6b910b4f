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

test('where nothing can be written nothing is counted', () => {
  expect(existsSync('/nowhere')).toBe(false);
  expect(openSpanCount(['/nowhere', '/proc'])).toBeNull();
});
