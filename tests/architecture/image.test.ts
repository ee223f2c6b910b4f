import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] };
const manifests = workspaces.flatMap((one) => globSync(`${one}/package.json`, { cwd: ROOT })).sort();

test('the image’s dependencies are installed from the manifests of all workspaces', () => {
  const copied = [...read('Dockerfile').matchAll(/^COPY (\S+\/package\.json) \S+$/gm)].map(
    ([, path]) => path,
  );
  expect(copied.sort()).toEqual(manifests);
});

test('and the builder is given them all', () => {
  const given = [...read('.dockerignore').matchAll(/^!(\S+)$/gm)].map(([, path]) => path as string);
  const missing = manifests.filter(
    (path) => !given.some((one) => path === one || path.startsWith(`${one}/`)),
  );
  expect(missing).toEqual([]);
});

test('the base is one release line of Node, the one that the repository asks for', () => {
  const bases = [...read('Dockerfile').matchAll(/^FROM node:(\S+)/gm)].map(([, tag]) => tag);
  expect(new Set(bases)).toEqual(new Set([`${read('.node-version').split('.')[0]}-slim`]));
});
