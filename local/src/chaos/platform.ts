import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, compileConfig, MillraceError } from '@millrace/core';
import { isStillRunning } from '../launch/process-identity.ts';
import { leftovers } from '../launch/process-record.ts';
import type { ServiceName, TargetProcess } from './fault.ts';

/** A platform that a launcher of this machine runs from a folder. */
export interface LocalPlatform {
  readonly dir: string;
  readonly url: string;
  /** With its password. */
  readonly storeUrl: string;
  readonly config: Config;
  /** `host:port` of every supervisor's links. */
  readonly supervisors: readonly string[];
  /** Those of its processes that run now: nothing else is ever struck. */
  processes(service: ServiceName): Promise<readonly TargetProcess[]>;
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

function isNamed(name: string, service: ServiceName): boolean {
  return name === service || name.startsWith(`${service}-`);
}

async function holderOf(dir: string): Promise<{ readonly pid: number; readonly mark: string } | null> {
  try {
    const holder = JSON.parse(await readFile(join(dir, 'lock'), 'utf8')) as { pid: number; mark: string };
    return (await isStillRunning(holder.pid, holder.mark)) ? holder : null;
  } catch {
    return null;
  }
}

/**
 * The platform that runs from the folder `dir`. Throws `not_found` when none does, and `forbidden` when it listens
 * beyond this machine: then others may work with it.
 */
export async function findPlatform(dir: string): Promise<LocalPlatform> {
  if ((await holderOf(dir)) === null) {
    throw new MillraceError(
      'not_found',
      `No platform runs from the folder ${dir}: start one with "millrace up", or name its folder with --dir DIR.`,
    );
  }
  const config = compileConfig({}, await readFile(join(dir, 'run', 'config.yaml'), 'utf8'));
  const { host, port } = config.http;
  if (!LOOPBACK.test(host)) {
    throw new MillraceError(
      'forbidden',
      `The platform in ${dir} listens on ${host}, so that others may be working with it: faults are made only on one that listens on 127.0.0.1 (http.host).`,
    );
  }
  return {
    dir,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    storeUrl: config.redis.url ?? '',
    config,
    supervisors: config.supervisors,
    async processes(service) {
      const running = await leftovers(join(dir, 'run', 'processes.json'));
      return running.filter(({ name }) => isNamed(name, service)).map(({ name, pid }) => ({ name, pid }));
    },
  };
}
