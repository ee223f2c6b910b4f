import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Writable } from 'node:stream';
import { MillraceError } from '@millrace/core';
import { type Host, isInteractive } from '../host.ts';
import { findServers, isNewEnough, type ServerProgram } from './find-server.ts';
import {
  byHand,
  installCommand,
  PACKAGE_MANAGERS,
  type PackageManager,
  type Privilege,
} from './package-managers.ts';

const OWN_STORE = 'or set MILLRACE_REDIS_URL to a store that runs already';

async function onPath(path: string, command: string): Promise<boolean> {
  for (const dir of path.split(delimiter)) {
    const found = await access(join(dir, command), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

/** Runs a command; resolves with its exit code and all it said. */
function run(command: readonly string[], host: Host): Promise<{ code: number; said: string }> {
  const [file = '', ...args] = command;
  return new Promise((resolve) => {
    const said: Buffer[] = [];
    const child = spawn(file, args, {
      env: host.env as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
    child.on('error', (error) => resolve({ code: 127, said: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, said: Buffer.concat(said).toString() }));
  });
}

async function privilegeOf(host: Host): Promise<Privilege> {
  if ((await run(['id', '-u'], host)).said.trim() === '0') return 'own';
  return (await run(['sudo', '-n', 'true'], host)).code === 0 ? 'sudo' : 'none';
}

async function chooseManager(path: string): Promise<PackageManager> {
  for (const manager of PACKAGE_MANAGERS) if (await onPath(path, manager.command)) return manager;
  const known = PACKAGE_MANAGERS.map((manager) => manager.command).join(', ');
  throw new MillraceError(
    'start_failed',
    `No Valkey or Redis server was found, and no package manager to install one (${known}): install Valkey ≥ 7.2 or Redis ≥ 7.0 so that valkey-server or redis-server is on the PATH, ${OWN_STORE}.`,
  );
}

/** Asks a yes-or-no question; Ctrl-C and the end of the input mean no. */
async function confirm(host: Host, notes: Writable, question: string): Promise<boolean> {
  const prompt = createInterface({ input: host.stdin, output: notes, terminal: true });
  const left = new AbortController();
  prompt.once('SIGINT', () => left.abort());
  prompt.once('close', () => left.abort());
  try {
    const answer = await prompt.question(`${question} [Y/n] `, { signal: left.signal }).catch(() => 'n');
    return ['', 'y', 'yes'].includes(answer.trim().toLowerCase());
  } finally {
    prompt.close();
  }
}

async function install(host: Host, notes: Writable): Promise<void> {
  const manager = await chooseManager(host.env.PATH ?? '');
  const command = installCommand(manager, await privilegeOf(host));
  if (command === null) {
    throw new MillraceError(
      'start_failed',
      `No Valkey or Redis server was found, and installing one needs root or a sudo that asks for no password: run "${byHand(manager)}", ${OWN_STORE}.`,
    );
  }
  const what = `a store server (${manager.packages.join(' or ')}) with ${manager.command}, its own service left off`;
  const missing = 'No Valkey or Redis server was found';
  if (!isInteractive(host)) {
    notes.write(`${missing}: installing ${what} …\n`);
  } else if (await confirm(host, notes, `${missing}. Install ${what}?`)) {
    notes.write('Installing …\n');
  } else {
    throw new MillraceError('start_failed', `Nothing was installed: run "${byHand(manager)}", ${OWN_STORE}.`);
  }
  const { code, said } = await run(command, host);
  if (code === 0) return;
  notes.write(said);
  throw new MillraceError(
    'start_failed',
    `${manager.command} could not install a store server (exit code ${code}); its own words are above. Mend that or run "${byHand(manager)}", ${OWN_STORE}.`,
  );
}

/**
 * The store server of this machine, installed through the system's package manager when there is none. A person
 * at a terminal is asked first; otherwise `notes` says what is done. Throws `start_failed` with what to do.
 */
export async function supplyServer(host: Host, notes: Writable): Promise<ServerProgram> {
  const path = host.env.PATH ?? '';
  const before = await findServers(path);
  const usable = before.find(isNewEnough);
  if (usable) return usable;
  if (before.length === 0) await install(host, notes);
  const after = await findServers(path);
  const installed = after.find(isNewEnough);
  if (installed) return installed;
  const old = after[0];
  throw new MillraceError(
    'start_failed',
    old
      ? `${old.file} is ${old.kind === 'redis' ? 'Redis' : 'Valkey'} ${old.version}, which is too old: install Redis ≥ 7.0 or Valkey ≥ 7.2, ${OWN_STORE}.`
      : `The package manager installed a store server, but neither valkey-server nor redis-server is on the PATH: put it there, ${OWN_STORE}.`,
  );
}
