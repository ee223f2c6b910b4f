// `npm run build`, or `node image/build.mjs DIR`: the sources as JavaScript in dist/ (or DIR), what is started or found by its
// path at the same path, with what the services read beside it. Types are checked by `npm run check`; here they only go.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { bundle } from './bundle.mjs';
import { ROOT, sourceFiles } from './sources.mjs';

const OUT = resolve(process.argv[2] ?? join(ROOT, 'dist'));
const MANIFEST = /(^|[/\\])package\.json$/;
const BIN = join('cli', 'bin', 'millrace.mjs');

function write(path, text) {
  mkdirSync(dirname(join(OUT, path)), { recursive: true });
  writeFileSync(join(OUT, path), text);
}

/** Sources name each other by `.ts`; the bundler rewrites that in what it compiles, and this in what it does not. */
function compiledNames(text) {
  return text.replaceAll(/(\.\.?\/src\/[^'"\s]+)\.ts(?=['"])/g, '$1.js');
}

rmSync(OUT, { recursive: true, force: true });
const files = sourceFiles();
await bundle(OUT, files);

for (const path of ['LICENSE', join('image', 'entrypoint'), join('image', 'role.mjs')])
  cpSync(join(ROOT, path), join(OUT, path));
for (const path of ['package.json', ...files]) {
  if (path.endsWith('.lua')) cpSync(join(ROOT, path), join(OUT, path));
  else if (path === BIN || MANIFEST.test(path))
    write(path, compiledNames(readFileSync(join(ROOT, path), 'utf8')));
}
