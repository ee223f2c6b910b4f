import { expect, test } from 'vitest';
import { storeAddress } from './store-address.ts';

test.each([
  { url: 'redis://127.0.0.1', told: { address: '127.0.0.1', port: 6379 } },
  { url: 'rediss://user:secret@[::1]:7000/2', told: { address: '::1', port: 7000 } },
])('$url is told without its secrets', ({ url, told }) => {
  expect(storeAddress({ url })).toEqual(told);
});

test('of a Cluster the first node is told, and nothing where only Sentinels know', () => {
  const nodes = ['[::1]:7001', 'b.example:7002'];
  expect(storeAddress({ url: null, cluster: { nodes } })).toEqual({ address: '::1', port: 7001 });
  expect(storeAddress({ url: null })).toBeNull();
});
