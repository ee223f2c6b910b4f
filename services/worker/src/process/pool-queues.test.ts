import type { HandlerRegistry } from '@millrace/sdk';
import { expect, test } from 'vitest';
import { handlersOfPool } from './pool-queues.ts';

const registry: HandlerRegistry = {
  queues: ['mail', 'video'],
  names: () => ['any'],
  get: () => undefined,
  concurrency: () => null,
  validate: async (_queue, _name, data) => ({ ok: true, data }) as never,
};

test('a pool that names no queues serves all that have handlers', () => {
  expect(handlersOfPool(registry, 'default', undefined)).toBe(registry);
});

test('a pool that names queues serves these', () => {
  const own = handlersOfPool(registry, 'default', ['video']);
  expect(own.queues).toEqual(['video']);
  expect(own.names('video')).toEqual(['any']);
});

test('a queue without handlers is refused by name', () => {
  expect(() => handlersOfPool(registry, 'few', ['mail', 'vidoe'])).toThrow(
    'The pool "few" is to serve "vidoe", for which there is no handler: correct pools.few.queues',
  );
});
