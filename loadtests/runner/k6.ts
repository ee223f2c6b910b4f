import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** How to get k6, for one who has none. */
export const NO_K6 =
  'k6 is not on the PATH: install version 1.0 or newer (https://grafana.com/docs/k6/latest/set-up/install-k6/), or name its program with --k6 FILE.';

/** The scripts are TypeScript, which k6 runs as it is from here on. */
const LEAST_MAJOR = 1;

/** What is wrong with the k6 that says this of itself; null when it will do. */
export function versionFault(said: string): string | null {
  const match = /k6(?:\.exe)? v(\d+)\.(\d+)/.exec(said);
  if (!match) return `This is no k6: it said "${said.trim().slice(0, 80)}". ${NO_K6}`;
  if (Number(match[1]) >= LEAST_MAJOR) return null;
  return `k6 ${match[1]}.${match[2]} is too old: install version ${LEAST_MAJOR}.0 or newer.`;
}

/** Why this k6 cannot be used; null when it can. */
export async function k6Fault(program: string): Promise<string | null> {
  const child = spawn(program, ['version'], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [said] = await Promise.all([text(child.stdout), once(child, 'spawn')]);
    return versionFault(said);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return isMissing ? NO_K6 : `${program} cannot be run: ${(error as Error).message}.`;
  }
}
