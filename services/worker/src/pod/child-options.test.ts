import type { Config } from '@millrace/core';
import { expect, it } from 'vitest';
import { childOptions } from './child-options.ts';

const optionsOf = (maxOldSpace: number | null, isLimited: boolean, nodeOptions = '') =>
  childOptions({ worker: { maxOldSpace, nodeOptions } as Config['worker'] }, isLimited);

it.each([
  [255, 4],
  [256, 8],
  [511, 8],
  [512, 16],
])('beside %i MiB of old space young objects get semi-spaces of %i', (old, semi) => {
  expect(optionsOf(old, true)).toEqual([`--max-old-space-size=${old}`, `--max-semi-space-size=${semi}`]);
});

it('bounds them where nothing else does, and tightly where somebody set the heap in a limited container', () => {
  expect(optionsOf(null, false)).toEqual(['--max-semi-space-size=16']);
  expect(optionsOf(null, true)).toEqual(['--max-semi-space-size=4']);
});

it('leaves the last word to the user', () => {
  expect(optionsOf(300, true, '--max-semi-space-size=2').at(-1)).toBe('--max-semi-space-size=2');
});
