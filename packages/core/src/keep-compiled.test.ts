import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const MODULE = fileURLToPath(new URL('./keep-compiled.ts', import.meta.url));

/** V8 takes code for old after six full collections. */
const FULL_COLLECTIONS = 12;

/** Functions that run once, and then garbage. */
const life = (before: string) => `
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as after } from 'node:timers/promises';
${before}
const names = Array.from({ length: 50 }, (_, i) => 'f' + i);
const all = new Function(names.map((name) => 'function ' + name + '(a) { return a + 1; }').join(';') + ';return [' + names + ']')();
for (const one of all) one(1);
let full = 0;
const observer = new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) full += 1;
});
observer.observe({ entryTypes: ['gc'] });
while (full < ${FULL_COLLECTIONS}) {
  for (let i = 0, hogs = []; i < 300; i++) hogs.push(new Array(20_000).fill({}));
  await after(5);
}
`;

async function flushed(before: string): Promise<number> {
  const args = ['--trace-flush-code', '--input-type=module', '--eval', life(before)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return [...stdout.matchAll(/(\d+) flushed/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

test('code that has not run for long is still there', async () => {
  expect(await flushed('')).toBeGreaterThan(50);
  expect(await flushed(`import { keepCompiled } from '${MODULE}'; keepCompiled();`)).toBe(0);
});
