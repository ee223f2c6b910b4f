import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@millrace/core';
import type { Host } from '@millrace/local';
import type { ProfileName } from '../lib/profiles.ts';
import { settingsOf } from '../lib/settings.ts';
import { summaryPage } from '../lib/summary-page.ts';
import { k6Fault } from './k6.ts';
import { manifestText } from './manifest.ts';
import { HELP, type LoadtestCommand, LoadtestUsage, parseLoadtest } from './options.ts';
import { reportIn } from './report-in.ts';

const HOME = new URL('..', import.meta.url);
const SIGNALLED = 128;

type Run = Extract<LoadtestCommand, { kind: 'run' }>;
type Archive = Extract<LoadtestCommand, { kind: 'archive' }>;

/** Runs k6 to its end; resolves with its exit code. */
async function runK6(
  program: string,
  args: readonly string[],
  host: Host,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const child = spawn(program, [...args], { env, stdio: 'inherit' });
  // In a terminal Ctrl-C reaches k6 by itself, and a second signal would cut off its teardown and summary.
  host.onStopRequest(() => {
    if (!host.stdin.isTTY) child.kill('SIGTERM');
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? SIGNALLED + constants.signals[signal ?? 'SIGTERM'];
}

/** The settings, checked here: k6 would say the same, in a stack trace. */
function assertSettings(test: ProfileName, env: NodeJS.ProcessEnv): void {
  try {
    settingsOf(test, env);
  } catch (error) {
    throw new LoadtestUsage(messageOf(error));
  }
}

/** Has k6 do something with the test's script. */
async function withK6(
  { test, k6, rest }: Run | Archive,
  words: readonly string[],
  host: Host,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const program = k6 ?? 'k6';
  const fault = await k6Fault(program);
  if (fault !== null) {
    host.stderr.write(`${fault}\n`);
    return 1;
  }
  const script = fileURLToPath(new URL(`${test}.ts`, HOME));
  return runK6(program, [...words, ...rest, script], host, env);
}

async function perform(command: Run, host: Host): Promise<number> {
  const out = resolve(host.cwd, command.environment.MILLRACE_LOAD_OUT ?? '.');
  const env = { ...host.env, ...command.environment, MILLRACE_LOAD_OUT: out };
  assertSettings(command.test, env);
  await mkdir(out, { recursive: true });
  return withK6(command, host.stdout.isTTY ? ['run'] : ['run', '--quiet'], host, env);
}

/** Into an archive go the settings; who is loaded, with which token, and where the files go is said where it is run. */
async function archive(command: Archive, host: Host): Promise<number> {
  const { MILLRACE_LOAD_OUT: _, ...own } = host.env;
  const settings = Object.entries(own).filter(([name]) => name.startsWith('MILLRACE_LOAD_'));
  const env = { ...Object.fromEntries(settings), ...command.environment };
  assertSettings(command.test, env);
  const words = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const file = resolve(host.cwd, command.file);
  return withK6(command, ['archive', '--quiet', '--archive-out', file, ...words], host, host.env);
}

/** Waits until all is written: into a pipe it goes 64 KiB at a time, and the process ends after this. */
function print(host: Host, written: string): Promise<void> {
  return new Promise((resolve, reject) => {
    host.stdout.write(written, (error) => (error ? reject(error) : resolve()));
  });
}

async function act(command: LoadtestCommand, host: Host): Promise<number> {
  if (command.kind === 'run') return perform(command, host);
  if (command.kind === 'archive') return archive(command, host);
  if (command.kind === 'help') await print(host, HELP);
  if (command.kind === 'manifest') await print(host, await manifestText(command, HOME));
  if (command.kind === 'page') {
    const log =
      command.file === '-' ? await text(host.stdin) : await readFile(resolve(host.cwd, command.file), 'utf8');
    await print(host, summaryPage(reportIn(log)));
  }
  return 0;
}

/** `npm run loadtest` with the words after it. Resolves with the exit code: k6's own, 1 without a usable k6, 2 for wrong usage. */
export async function runLoadtest(argv: readonly string[], host: Host): Promise<number> {
  try {
    return await act(parseLoadtest(argv), host);
  } catch (error) {
    const isUsage = error instanceof LoadtestUsage;
    host.stderr.write(`${messageOf(error)}${isUsage ? ' See --help.' : ''}\n`);
    return isUsage ? 2 : 1;
  }
}
