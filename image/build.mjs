// `npm run build`: the sources as JavaScript in dist/, in the same tree, with what the services read beside them.
// Types are checked by `npm run check`; here they only go.
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUT = join(ROOT, 'dist');
const COPIED = ['packages/*/src/**/*.lua', 'image/entrypoint', 'LICENSE'];
const MANIFESTS = ['package.json', '{packages,services}/*/package.json', '{handlers,local,cli}/package.json'];
const BIN = 'cli/bin/millrace.mjs';

function write(path, text) {
  mkdirSync(dirname(join(OUT, path)), { recursive: true });
  writeFileSync(join(OUT, path), text);
}

/** Sources name each other by `.ts`; tsc rewrites that in what it compiles, and this in what it does not. */
function compiledNames(text) {
  return text.replaceAll(/(\.\.?\/src\/[^'"\s]+)\.ts(?=['"])/g, '$1.js');
}

rmSync(OUT, { recursive: true, force: true });
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', join(ROOT, 'image')], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

for (const path of globSync(COPIED, { cwd: ROOT })) cpSync(join(ROOT, path), join(OUT, path));
for (const path of [...globSync(MANIFESTS, { cwd: ROOT }), BIN]) {
  write(path, compiledNames(readFileSync(join(ROOT, path), 'utf8')));
}
