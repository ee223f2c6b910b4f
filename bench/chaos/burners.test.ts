import { getPriority } from 'node:os';
import process from 'node:process';
import { expect, test } from 'vitest';
import { endBurner, startBurners } from './burners.ts';

test('burners compete with the platform as equals', async () => {
  const burning = await startBurners(process.execPath, 2);
  try {
    const own = getPriority();
    expect(burning.map(({ pid }) => getPriority(pid))).toEqual([own, own]);
  } finally {
    await Promise.all(burning.map(endBurner));
  }
});
