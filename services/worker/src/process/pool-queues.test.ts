import { createRegistry, defineHandler } from '@millrace/sdk';
import { expect, test } from 'vitest';
import { handlersOfPool } from './pool-queues.ts';

const handler = (queue: string) => defineHandler({ queue, name: 'any', run: () => null });
const registry = createRegistry(['mail', 'video'].map(handler));

test('a pool that names no queues serves all that have handlers', () => {
  expect(handlersOfPool(registry, 'default', undefined)).toBe(registry);
});

test('a pool that names queues serves these', () => {
  const own = handlersOfPool(registry, 'default', ['video']);
  expect(own.queues).toEqual(['video']);
  expect(own.get('video', 'any')).toBe(registry.get('video', 'any'));
});

test('a queue without handlers is refused by name', () => {
  expect(() => handlersOfPool(registry, 'few', ['mail', 'vidoe'])).toThrow(
    'The pool "few" is to serve "vidoe", for which there is no handler: correct pools.few.queues',
  );
});
