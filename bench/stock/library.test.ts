import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = new URL('../..', import.meta.url).pathname;

it('stock is the very package that the product stands on', () => {
  const from = (file: string) => createRequire(join(ROOT, file)).resolve('bullmq');
  expect(from('bench/stock/library.ts')).toBe(from('packages/queue/src/index.ts'));
});

it('no other file of the benches knows a queue library', () => {
  const sources = readdirSync(join(ROOT, 'bench'), { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.startsWith('dist') && !path.endsWith('.test.ts'),
  );
  const knowing = sources.filter((path) =>
    /from '(bullmq|ioredis)'/.test(readFileSync(join(ROOT, 'bench', path), 'utf8')),
  );
  expect(knowing).toEqual(['stock/library.ts']);
});
