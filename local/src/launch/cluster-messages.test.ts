import { expect, it } from 'vitest';
import { parseOrder } from './cluster-messages.ts';

it('reads the supervisor’s orders and leaves everything else alone', () => {
  expect(parseOrder({ type: 'list' })).toEqual({ type: 'list' });
  expect(parseOrder({ type: 'create-pod', id: 'p1', pool: 'default', more: 1 })).toEqual({
    type: 'create-pod',
    id: 'p1',
    pool: 'default',
  });
  expect(parseOrder({ type: 'delete-pod', id: 'p1', graceMs: 5 })).toEqual({
    type: 'delete-pod',
    id: 'p1',
    graceMs: 5,
  });
  expect(parseOrder({ type: 'kill-pod', id: 'p1' })).toEqual({ type: 'kill-pod', id: 'p1' });
  expect(parseOrder({ type: 'ready', ports: {} })).toBeNull();
  expect(parseOrder({ type: 'create-pod', id: 'p1' })).toBeNull();
  expect(parseOrder({ type: 'kill-pod', id: '' })).toBeNull();
});
