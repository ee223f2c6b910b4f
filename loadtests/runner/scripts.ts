import { readdir, readFile } from 'node:fs/promises';
import type { ProfileName } from '../lib/profiles.ts';

const isScript = (name: string) =>
  name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.endsWith('.d.ts');

/** A test's scripts in one folder without folders, as a ConfigMap holds them: name → text. */
export async function flatScripts(test: ProfileName, home: URL): Promise<ReadonlyMap<string, string>> {
  const script = await readFile(new URL(`${test}.ts`, home), 'utf8');
  const found = new Map([[`${test}.ts`, script.replaceAll("'./lib/", "'./")]]);
  const names = (await readdir(new URL('lib/', home))).filter(isScript).sort();
  for (const name of names) {
    if (found.has(name)) throw new Error(`lib/${name} has the name of a script: rename it.`);
    found.set(name, await readFile(new URL(`lib/${name}`, home), 'utf8'));
  }
  return found;
}
