import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Bench } from '../runner.ts';

const HOME = fileURLToPath(new URL('..', import.meta.url));

/** A bench is a folder with a `main.ts`: so nothing else knows which there are. */
export function benchNames(home: string = HOME): string[] {
  return readdirSync(home, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(home, entry.name, 'main.ts')))
    .map((entry) => entry.name)
    .sort();
}

/** The bench called `name`, one of {@link benchNames}. */
export async function loadBench(name: string, home: string = HOME): Promise<Bench> {
  const file = join(home, name, 'main.ts');
  const { bench } = (await import(pathToFileURL(file).href)) as { readonly bench?: Bench };
  if (bench?.name !== name) throw new Error(`${file} exports no bench called "${name}"`);
  return bench;
}
