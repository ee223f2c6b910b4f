// `npm run build`: the sources as JavaScript in dist/, in the same tree, with what the services read beside them.
// Types are checked by `npm run check`; here they only go.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUT = join(ROOT, 'dist');
const FOLDERS = ['packages', 'services', 'handlers', 'local', 'cli'];
const MANIFEST = /(^|[/\\])package\.json$/;
const BIN = join('cli', 'bin', 'millrace.mjs');

/** Paths of the files in a folder of the repository that are its own. */
function filesIn(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|[/\\])(node_modules|dist)[/\\]/.test(path));
}

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

for (const path of ['LICENSE', join('image', 'entrypoint'), join('image', 'role.mjs')])
  cpSync(join(ROOT, path), join(OUT, path));
for (const path of ['package.json', ...FOLDERS.flatMap(filesIn)]) {
  if (path.endsWith('.lua')) cpSync(join(ROOT, path), join(OUT, path));
  else if (path === BIN || MANIFEST.test(path))
    write(path, compiledNames(readFileSync(join(ROOT, path), 'utf8')));
}
