import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { MillraceError } from '@millrace/core';
import { makerFiles, ROOT, sourceFiles } from '../../../image/sources.mjs';
import type { Host } from '../host.ts';

const KEPT = join(ROOT, 'node_modules', '.cache', 'millrace-compiled');
/** A tree of earlier sources goes when nothing was started from it for so long: what still runs may load more of it. */
const UNUSED_SECONDS = 7 * 24 * 60 * 60;

const MAINS = {
  producer: 'services/producer/src/main.js',
  supervisor: 'services/supervisor/src/main.js',
  pod: 'services/worker/src/pod/main.js',
} as const;

export type ServiceName = keyof typeof MAINS;

/** The services as JavaScript, which start in a third of the time that their sources take (docs/decisions/0027). */
export interface CompiledTree {
  mainOf(service: ServiceName): string;
  /** For `NODE_COMPILE_CACHE`; made when first written to. */
  readonly compileCache: string;
}

function treeAt(folder: string): CompiledTree {
  return {
    mainOf: (service) => join(folder, MAINS[service]),
    compileCache: join(folder, 'node_modules', '.cache', 'millrace'),
  };
}

/**
 * By content, so that a checkout that only touches files compiles nothing. At once and not file by file: it is read at every
 * start, and so takes a third of the time.
 */
function digestOfSources(): string {
  const hash = createHash('sha256');
  for (const path of [...makerFiles(), ...sourceFiles()].toSorted()) {
    const text = readFileSync(join(ROOT, path));
    hash.update(`${path}\0${text.length}\0`).update(text);
  }
  return hash.digest('hex').slice(0, 16);
}

async function compileTo(folder: string, { nodeFile, pid }: Pick<Host, 'nodeFile' | 'pid'>): Promise<void> {
  const own = `${folder}.${pid}`;
  await mkdir(KEPT, { recursive: true });
  const child = spawn(nodeFile, [join(ROOT, 'image', 'build.mjs'), own], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  if (code !== 0) {
    await rm(own, { recursive: true, force: true });
    throw new MillraceError('start_failed', `The services cannot be compiled: ${said.trim()}`);
  }
  // Another start may have been quicker: a tree of the same sources is the same.
  await rename(own, folder).catch(() => rm(own, { recursive: true, force: true }));
}

/** What all mains share is mere definitions: loaded once here, so that not even the first processes compile it. */
const LOAD_ALL = `
const { flushCompileCache } = await import('node:module');
for (const chunk of process.argv.slice(1)) await import(chunk);
flushCompileCache();
process.exit();`;

/** Fills the compile cache of a new tree. That it fails is no fault: the first processes then take longer. */
async function warm(folder: string, nodeFile: string): Promise<void> {
  const chunks = (await readdir(join(folder, 'chunks'))).filter((name) => name.endsWith('.js'));
  const urls = chunks.map((name) => pathToFileURL(join(folder, 'chunks', name)).href);
  const child = spawn(nodeFile, ['--input-type=module', '--eval', LOAD_ALL, ...urls], {
    stdio: 'ignore',
    env: { NODE_COMPILE_CACHE: treeAt(folder).compileCache },
  });
  await once(child, 'close');
}

async function dropUnused(nowSeconds: number): Promise<void> {
  for (const name of await readdir(KEPT)) {
    const folder = join(KEPT, name);
    const { mtimeMs } = await stat(folder);
    if (nowSeconds - mtimeMs / 1000 > UNUSED_SECONDS) await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The tree that services run from: compiled now when there is none of these sources yet, which `note` is told. Who runs
 * from a compiled tree himself uses that one. Throws `start_failed`.
 */
export async function compiledTree(
  host: Pick<Host, 'nodeFile' | 'pid' | 'clock'>,
  note: (line: string) => void = () => undefined,
): Promise<CompiledTree> {
  if (!import.meta.url.endsWith('.ts')) return treeAt(ROOT);
  const folder = join(KEPT, digestOfSources());
  if (!existsSync(folder)) {
    note('Compiling the services; once, until their sources change');
    await compileTo(folder, host);
    await warm(folder, host.nodeFile);
  }
  const nowSeconds = host.clock.epochUs() / 1_000_000;
  await utimes(folder, nowSeconds, nowSeconds);
  await dropUnused(nowSeconds).catch(() => undefined);
  return treeAt(folder);
}
