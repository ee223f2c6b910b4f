import type { Config } from '@millrace/core';
import { expect, it } from 'vitest';
import { childOptions } from './child-options.ts';

const optionsOf = (maxOldSpace: number | null, nodeOptions = '') =>
  childOptions({ worker: { maxOldSpace, nodeOptions } as Config['worker'] });

it.each([
  [255, 4],
  [256, 8],
  [511, 8],
  [512, 16],
])('beside %i MiB of old space young objects get semi-spaces of %i', (old, semi) => {
  expect(optionsOf(old)).toEqual([`--max-old-space-size=${old}`, `--max-semi-space-size=${semi}`]);
});

it('leaves both to V8 where memory has no limit, and the last word to the user', () => {
  expect(optionsOf(null, '--max-semi-space-size=2')).toEqual(['--max-semi-space-size=2']);
  expect(optionsOf(300, '--max-semi-space-size=2').at(-1)).toBe('--max-semi-space-size=2');
});
