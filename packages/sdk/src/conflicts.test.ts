import { describe, expect, it } from 'vitest';
import { conflicts } from './conflicts.ts';
import { defineHandler } from './define-handler.ts';
import type { Handler } from './handler.ts';

function handler(file: string, queue: string, name: string, concurrency?: number): Handler {
  const defined = defineHandler({ queue, name, run: () => null, ...(concurrency && { concurrency }) });
  return { ...defined, file: `/handlers/${file}` };
}

describe('conflicts', () => {
  it('has nothing against one name in two queues, or a queue that says its concurrency once', () => {
    const agreeing = [
      handler('a.ts', 'images', 'resize', 4),
      handler('b.ts', 'images', 'crop'),
      handler('c.ts', 'images', 'blur', 4),
      handler('d.ts', 'videos', 'resize', 9),
    ];
    expect(conflicts(agreeing)).toEqual([]);
  });

  it('names both files of every conflict', () => {
    const quarrel = [
      handler('a.ts', 'images', 'resize', 4),
      handler('b.ts', 'images', 'resize', 5),
      handler('c.ts', 'images', 'crop', 6),
    ];
    expect(conflicts(quarrel)).toEqual([
      { pointer: '/b.ts', message: 'queue "images" already has a handler "resize", in a.ts' },
      { pointer: '/b.ts', message: expect.stringMatching(/concurrency 5 .* a\.ts says 4/) },
      { pointer: '/c.ts', message: expect.stringMatching(/concurrency 6 .* a\.ts says 4/) },
    ]);
  });
});
