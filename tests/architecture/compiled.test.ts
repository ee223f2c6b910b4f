import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { serviceMain } from '../support/service-main.ts';

const root = new URL('../../', import.meta.url).pathname;
/** A path beside the module that names it, as far as it is known when it is read. */
const BESIDE = /(?:new URL|moduleUrl)\(\s*(?:import\.meta\.url,\s*)?['"`](\.[^'"`$]+)/g;
/** A file that another imports, as the bundler writes it. */
const IMPORTED = /\b(?:from|import) ?\(?"(\.[^"]+\.js)"/g;

let tree = '';
beforeAll(async () => {
  tree = join(dirname(await serviceMain('producer')), '../../..');
}, 60_000);

test('all that a service reads or starts beside a module of its own is there when it runs compiled', () => {
  const sources = globSync('{packages,services}/*/src/**/*.ts', { cwd: root });
  const named = sources
    .filter((path) => !/\.test\.ts$|\/testing[/.]/.test(path))
    .flatMap((path) =>
      [...readFileSync(join(root, path), 'utf8').matchAll(BESIDE)].map(([, beside = '']) =>
        posix.join(posix.dirname(path), beside).replace(/\.ts$/, '.js'),
      ),
    )
    // Made when first written to.
    .filter((path) => !path.includes('.cache'));
  expect(named).toContain('services/worker/src/lanes/cpu-thread.js');
  expect(named.filter((path) => !existsSync(join(tree, path)))).toEqual([]);
});

test('what is started is imported by nobody, who would run it', () => {
  const files = globSync('{chunks,services,packages,cli,handlers}/**/*.js', { cwd: tree });
  const named = files.flatMap((path) =>
    [...readFileSync(join(tree, path), 'utf8').matchAll(IMPORTED)].map(([, imported = '']) =>
      posix.join(posix.dirname(path), imported),
    ),
  );
  expect(named.some((path) => path.startsWith('chunks/'))).toBe(true);
  expect(named.filter((path) => /\/(main|cpu-thread|watchdog-thread)(-[^/]+)?\.js$/.test(path))).toEqual([]);
});

test('the one line that tests/cluster/before changes is there', () => {
  const texts = globSync('chunks/*.js', { cwd: tree }).map((path) => readFileSync(join(tree, path), 'utf8'));
  expect(texts.flatMap((text) => text.match(/\twrites: 1,/g) ?? [])).toHaveLength(1);
});

test('handler files, in the repository and far from it, get the SDK that their compiled worker runs, and no second is loaded', async () => {
  const near = join(root, 'tests/fixtures/own-sdk.mjs');
  const folder = mkdtempSync(join(tmpdir(), 'millrace-far-'));
  const far = join(folder, 'own-sdk.mjs');
  await copyFile(near, far);
  const own = join(tree, 'packages/sdk/src/index.js');
  const script = `
    const sdk = await import('${own}');
    const loaded = [];
    (await import('node:module')).registerHooks({
      load: (url, context, next) => (loaded.push(url), next(url, context)),
    });
    await sdk.loadHandlers('${join(root, 'tests/fixtures/sums')}');
    const found = [await import('${near}'), await import('${far}')];
    const same = found.map(({ defineHandler }) => defineHandler === sdk.defineHandler);
    process.stdout.write(JSON.stringify([same, loaded]));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  rmSync(folder, { recursive: true });
  const [same, loaded] = JSON.parse(stdout) as [boolean[], string[]];
  expect(same).toEqual([true, true]);
  expect(loaded.filter((url) => url.includes('/packages/'))).toEqual([]);
});
