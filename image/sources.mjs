// What a compiled tree is made of. Plain Node: the launcher asks before it knows whether anything has to be compiled.
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's top level. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const FOLDERS = ['packages', 'services', 'handlers', 'local', 'cli'];
const NOT_OURS = /(^|[/\\])(node_modules|dist)[/\\]/;
const TEST = /\.test\.ts$|[/\\]testing([/\\]|\.ts$)/;

/**
 * Paths of the files in a folder of the repository that are its own.
 *
 * @param {string} folder
 * @returns {string[]}
 */
const filesIn = (folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !NOT_OURS.test(path));

/**
 * Everything that goes into a tree: paths from the top, tests left out.
 *
 * @returns {string[]}
 */
export const sourceFiles = () => FOLDERS.flatMap(filesIn).filter((path) => !TEST.test(path));

/**
 * And what makes it so, and of which packages.
 *
 * @returns {string[]}
 */
export const makerFiles = () => [...filesIn('image'), 'package.json', 'package-lock.json'];
