import { expect, test } from 'vitest';
import { allowedIn, coresOf, quotaOf } from './cores.ts';

test.each([
  [2, { 'cpu.max': '150000 100000\n' }, 1.5],
  [2, { 'cpu.max': 'max 100000\n' }, null],
  [2, {}, null],
  [1, { 'cpu.cfs_quota_us': '400000\n', 'cpu.cfs_period_us': '100000\n' }, 4],
  [1, { 'cpu.cfs_quota_us': '-1\n', 'cpu.cfs_period_us': '100000\n' }, null],
  [1, {}, null],
] as const)('the CPU limit of cgroup v%i from %o: %s cores', (version, files, cores) => {
  expect(quotaOf(version, (name) => (files as Record<string, string>)[name] ?? '')).toBe(cores);
});

test('processors that a process may use', () => {
  expect(allowedIn('Cpus_allowed:\tff\nCpus_allowed_list:\t0-3,8,10-11\nMems_allowed:\t1\n')).toBe(7);
  expect(allowedIn('Cpus_allowed_list:\t5\n')).toBe(1);
  expect(allowedIn('')).toBeNull();
});

test.each([
  ['the limit', { limit: 4, requestMilli: 500, allowed: 16 }, 4],
  ['else the request', { limit: null, requestMilli: 2_500, allowed: 16 }, 2],
  ['else all', { limit: null, requestMilli: null, allowed: 16 }, 16],
  ['a request of none says nothing', { limit: null, requestMilli: 0, allowed: 16 }, 16],
  ['never none', { limit: 0.5, requestMilli: null, allowed: 16 }, 1],
  ['never more than there are', { limit: 32, requestMilli: null, allowed: 16 }, 16],
])('whole cores: %s', (_, share, cores) => {
  expect(coresOf(share)).toBe(cores);
});
