import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** A store server that is installed here. */
export interface ServerProgram {
  readonly file: string;
  readonly kind: 'valkey' | 'redis';
  readonly version: string;
}

/** Oldest versions that Millrace works on, as [major, minor]. */
const OLDEST = { valkey: [7, 2], redis: [7, 0] } as const;

/** Reads the answer of `--version`: `Redis server v=7.0.15 sha=…`, `Valkey server v=8.1.1 …`. */
export function parseVersion(text: string): Pick<ServerProgram, 'kind' | 'version'> | null {
  const match = /^(Redis|Valkey) server v=(\d+\.\d+\.\d+)/.exec(text.trim());
  if (!match) return null;
  return { kind: match[1] === 'Valkey' ? 'valkey' : 'redis', version: match[2] as string };
}

/** True when Millrace works on it: Redis 7.0 or Valkey 7.2, and newer. */
export function isNewEnough(server: Pick<ServerProgram, 'kind' | 'version'>): boolean {
  const [major = 0, minor = 0] = server.version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST[server.kind];
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

async function programAt(file: string): Promise<ServerProgram | null> {
  try {
    await access(file, constants.X_OK);
    const { stdout } = await promisify(execFile)(file, ['--version'], { timeout: 10_000 });
    const parsed = parseVersion(stdout);
    return parsed && { file, ...parsed };
  } catch {
    return null;
  }
}

/** Every valkey-server and redis-server on `path`, in its order, Valkey first in a directory. */
export async function findServers(path: string): Promise<ServerProgram[]> {
  const files = path
    .split(delimiter)
    .filter((dir) => dir !== '')
    .flatMap((dir) => [join(dir, 'valkey-server'), join(dir, 'redis-server')]);
  const programs = await Promise.all(files.map(programAt));
  return programs.filter((program) => program !== null);
}
