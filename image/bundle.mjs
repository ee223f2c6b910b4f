// The sources and most of the packages that they use, as JavaScript in few files: a process finds and reads a dozen files
// as it starts and not nine hundred, and is ready in a third of the time (docs/decisions/0027).
import { join, posix, relative, sep } from 'node:path';
import { rolldown } from 'rolldown';
import { ROOT } from './sources.mjs';

/** Modules that are started or found by their path, and so keep it. Those of handlers are added to them. */
const ENTRIES = [
  'services/producer/src/main.ts',
  'services/supervisor/src/main.ts',
  'services/worker/src/pod/main.ts',
  'services/worker/src/process/main.ts',
  'services/worker/src/process/watchdog-thread.ts',
  'services/worker/src/lanes/cpu-thread.ts',
  'services/worker/src/isolated/main.ts',
  'packages/sdk/src/index.ts',
  'cli/src/main.ts',
];
const HANDLER = /^handlers\/src\/.*\.ts$/;

/**
 * They load files of their own by path. OpenTelemetry's SDK is rarely loaded, and then in part; of its API handlers and we must
 * have one copy, or a tracer that a handler's module takes before there is a provider stays without one.
 */
const NOT_BUNDLED = [/^piscina$/, /^@opentelemetry\//, /^msgpackr-extract$/, /^uplot/];

const HERE = 'import.meta.url';
const PLACEHOLDER = /HERE_OF\("([^"]+)"\)/g;
const asUrlPath = (path) => path.split(sep).join('/');

/** A module finds what lies beside it where the module was, whichever file its code went to. */
const placesOfModules = {
  name: 'places-of-modules',
  transform(code, id) {
    if (!id.startsWith(ROOT) || id.includes('node_modules') || !code.includes(HERE)) return null;
    const path = asUrlPath(relative(ROOT, id)).replace(/\.ts$/, '.js');
    return { code: code.replaceAll(HERE, `HERE_OF("${path}")`), map: null };
  },
  renderChunk(code, { fileName }) {
    if (!code.includes('HERE_OF("')) return null;
    const placed = code.replaceAll(PLACEHOLDER, (_, path) => {
      const way = posix.relative(posix.dirname(fileName), path);
      return `new URL(${JSON.stringify(way)}, ${HERE}).href`;
    });
    return { code: placed, map: null };
  },
};

/** Writes the bundles of `sources` (paths from the repository's top) into the folder `out`, each entry at its own path. */
export async function bundle(out, sources) {
  const entries = [...ENTRIES, ...sources.map(asUrlPath).filter((path) => HANDLER.test(path))];
  const build = await rolldown({
    input: Object.fromEntries(entries.map((path) => [path.replace(/\.ts$/, ''), join(ROOT, path)])),
    platform: 'node',
    external: NOT_BUNDLED,
    plugins: [placesOfModules],
  });
  await build.write({
    dir: out,
    format: 'esm',
    sourcemap: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
  });
  await build.close();
}
