import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lastLines, readable } from './log-tail.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-tail-'));
});
afterAll(() => rm(dir, { recursive: true }));

it('reads what a person would of a log line', () => {
  expect(readable('{"level":50,"msg":"out of luck"}')).toBe('out of luck');
  expect(readable('{"message":"or so"}')).toBe('or so');
  expect(readable('plain words')).toBe('plain words');
  expect(readable('{"broken')).toBe('{"broken');
  expect(readable('42')).toBe('42');
});

it('gives the last lines of this start, of a file of any length', async () => {
  const file = join(dir, 'a.log');
  await writeFile(file, `of an earlier start\n${'x'.repeat(50_000)}\nlast but one\n\nlast\n`);
  expect(await lastLines(file, 20, 2)).toEqual(['last but one', 'last']);
  expect(await lastLines(file, 50_021, 9)).toEqual(['last but one', 'last']);
  expect(await lastLines(file, 99_999, 9)).toEqual([]);
});
