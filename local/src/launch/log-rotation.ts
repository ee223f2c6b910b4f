import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A log larger than this is put aside at the next start. */
const LARGE_BYTES = 8 * 1024 * 1024;

/** Pods have new names at every start, so their old logs go; other large ones are kept once, as `.1`. */
export async function rotateLogs(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    const file = join(dir, name);
    if (name.startsWith('pod-')) await rm(file, { force: true });
    else if (name.endsWith('.log') && (await stat(file)).size > LARGE_BYTES) await rename(file, `${file}.1`);
  }
}
