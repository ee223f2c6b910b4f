import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';

const sdk = new URL('../../packages/sdk/src/index.ts', import.meta.url).href;
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** Loads `files` as a directory of their own, outside of the repository, in Node itself: no test runner resolves. */
async function load(files: Record<string, string>): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-handlers-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const program = `
    import { loadHandlers } from ${JSON.stringify(sdk)};
    const told = await loadHandlers(${JSON.stringify(folder)}).then(
      (registry) => registry.queues.map((queue) => [queue, registry.names(queue)]),
      (error) => error.details.faults,
    );
    console.log(JSON.stringify(told));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  return JSON.parse(stdout);
}

function source(name: string, run = '() => null'): string {
  return `import { defineHandler, snooze } from '@millrace/sdk';
    export default defineHandler({ queue: 'images', name: '${name}', run: ${run} });`;
}

describe('a directory of handlers', () => {
  it('needs no node_modules, no package.json and no compiler', async () => {
    const files = {
      'resize.ts': source('resize', '(): unknown => snooze("1s")'),
      'crop.mjs': source('crop'),
      'blur.js': source('blur'),
    };
    expect(await load(files)).toEqual([['images', ['blur', 'crop', 'resize']]]);
  });

  it('is told what Node makes of each bad file', async () => {
    const files = {
      'enum.ts': `${source('enum')} enum Size { S }`,
      'good.ts': source('good'),
      'import.mjs': `import 'not-installed'; ${source('import')}`,
      'syntax.mjs': 'export default {{',
      'throws.mjs': 'throw undefined',
    };
    expect(await load(files)).toEqual([
      { pointer: '/enum.ts', message: expect.stringContaining('enum is not supported in strip-only mode') },
      { pointer: '/import.mjs', message: expect.stringContaining("Cannot find package 'not-installed'") },
      { pointer: '/syntax.mjs', message: expect.stringContaining('Unexpected token') },
      { pointer: '/throws.mjs', message: 'it cannot be imported: undefined' },
    ]);
  });
});
