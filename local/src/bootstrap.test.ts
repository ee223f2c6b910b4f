import { expect, it } from 'vitest';
import { missingPackages, NO_PINNED_NODE, nextStep } from '../bootstrap.mjs';

const lock = {
  packages: {
    '': {},
    local: { version: '0.1.0' },
    'node_modules/@millrace/local': { link: true },
    'node_modules/zod': { version: '4.0.0' },
    'node_modules/fsevents': { version: '2.0.0', optional: true },
  },
};
const installed = {
  packages: { 'node_modules/@millrace/local': {}, 'node_modules/zod': { version: '4.0.0' } },
};
const there = () => true;

it('finds nothing missing where all is installed, other platforms’ packages aside', () => {
  expect(missingPackages(lock, installed, there)).toEqual([]);
});

it('misses everything on a fresh clone, and after an install that was cut short', () => {
  expect(missingPackages(lock, null, there)).toEqual(['node_modules/@millrace/local', 'node_modules/zod']);
});

it('sees another version, a new package and a folder that was removed', () => {
  const older = { packages: { ...installed.packages, 'node_modules/zod': { version: '3.9.0' } } };
  expect(missingPackages(lock, older, there)).toEqual(['node_modules/zod']);
  const grown = { packages: { ...lock.packages, 'node_modules/yaml': { version: '2.0.0' } } };
  expect(missingPackages(grown, installed, there)).toEqual(['node_modules/yaml']);
  expect(missingPackages(lock, installed, (path) => path !== 'node_modules/zod')).toEqual([
    'node_modules/zod',
  ]);
});

it('goes on under the pinned Node, or here if it is new enough and there is none', () => {
  expect(nextStep(20, true, false)).toBe('become');
  expect(nextStep(26, true, false)).toBe('become');
  expect(nextStep(24, true, true)).toBe('run');
  expect(nextStep(24, false, false)).toBe('run');
  expect(nextStep(23, false, false)).toBe('fail');
  expect(NO_PINNED_NODE).toContain('npm rebuild node --ignore-scripts=false');
});
