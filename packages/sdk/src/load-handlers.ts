import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  type Clock,
  type Fault,
  isMillraceError,
  MillraceError,
  messageOf,
  systemClock,
} from '@millrace/core';
import { conflicts } from './conflicts.ts';
import { isHandler } from './define-handler.ts';
import type { Handler } from './handler.ts';
import { offerSdk } from './offer-sdk.ts';
import { createRegistry, type HandlerRegistry } from './registry.ts';

const IMPORT_LIMIT_MS = 30_000;

/** Sources and what is compiled of them lie in the same tree. */
function shippedDir(): string {
  return fileURLToPath(new URL('../../../handlers/src', import.meta.url));
}

/** Whether a directory's entry is a handler file: tests, declarations and names with a leading `_` or `.` are not. */
export function isHandlerFile(name: string): boolean {
  return /^[^._].*\.(ts|js|mjs)$/.test(name) && !/\.(d|test|spec)\.(ts|js|mjs)$/.test(name);
}

async function handlerFiles(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory() && isHandlerFile(entry.name));
  return names.map((entry) => join(dir, entry.name)).sort();
}

async function importWithin(file: string, clock: Clock): Promise<Record<string, unknown>> {
  const late = Promise.withResolvers<never>();
  const timer = clock.after(IMPORT_LIMIT_MS, () =>
    late.reject(
      new Error(
        `it was still loading after ${IMPORT_LIMIT_MS / 1000} s; what does it wait for at the top level?`,
      ),
    ),
  );
  try {
    return await Promise.race([import(pathToFileURL(file).href), late.promise]);
  } finally {
    timer.cancel();
  }
}

/**
 * Imports one handler file. Throws `handlers_invalid` when it cannot be imported, or its default export was not
 * made by `defineHandler`. The module cache makes a second call cheap.
 */
export async function loadHandlerFile(file: string, clock: Clock = systemClock): Promise<Handler> {
  offerSdk();
  try {
    const { default: exported } = await importWithin(resolve(file), clock);
    if (isHandler(exported)) return Object.freeze({ ...exported, file: resolve(file) });
  } catch (error) {
    if (isMillraceError(error, 'handlers_invalid')) throw error;
    throw new MillraceError('handlers_invalid', `it cannot be imported: ${messageOf(error)}`, {
      cause: error,
    });
  }
  throw new MillraceError('handlers_invalid', 'its default export must be made by defineHandler({ … })');
}

function refuse(dir: string, faults: readonly Fault[], cause?: unknown): MillraceError {
  const lines = faults.map(({ pointer, message }) => `  ${pointer}: ${message}`);
  return new MillraceError(
    'handlers_invalid',
    `The handlers in ${dir} cannot be used:\n${lines.join('\n')}`,
    {
      cause,
      details: { faults },
    },
  );
}

/**
 * Loads every .ts, .js and .mjs file right in `dir` (null: the handlers that ship with Millrace) and checks that
 * they can work together. Throws `handlers_invalid`, with one fault for each problem of each file; its `pointer`
 * is `/<file name>`. Node's module cache applies: a file changed since its first import is not read again.
 */
export async function loadHandlers(dir: string | null, clock: Clock = systemClock): Promise<HandlerRegistry> {
  const folder = dir === null ? shippedDir() : resolve(dir);
  const files = await handlerFiles(folder).catch((error) => {
    throw refuse(
      folder,
      [{ pointer: '/', message: `the directory cannot be read: ${messageOf(error)}` }],
      error,
    );
  });
  if (files.length === 0) {
    throw refuse(folder, [
      { pointer: '/', message: 'there is no .ts, .js or .mjs file in it; see docs/handlers.md' },
    ]);
  }
  const loaded = await Promise.allSettled(files.map((file) => loadHandlerFile(file, clock)));
  const handlers = loaded.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const faults = loaded.flatMap((result, index) =>
    result.status === 'rejected'
      ? [{ pointer: `/${basename(files[index] ?? '')}`, message: messageOf(result.reason) }]
      : [],
  );
  faults.push(...conflicts(handlers));
  if (faults.length > 0) throw refuse(folder, faults);
  return createRegistry(handlers);
}
