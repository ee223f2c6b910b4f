import { readFile } from 'node:fs/promises';
import { ERROR_CATALOGUE, isMillraceError, MillraceError, messageOf } from '@millrace/core';
import { runDemo } from './demo/demo.ts';
import { DEMO_CONFIG, demoTracing } from './demo/settings.ts';
import type { Host } from './host.ts';
import { createLauncher, type Launcher } from './launch/launcher.ts';
import { supervisorName } from './launch/services.ts';
import { welcome, welcomeJson } from './launch/welcome.ts';
import { HELP, parseUp, type UpOptions, UsageError } from './options.ts';

async function configText(host: Host, options: UpOptions): Promise<string | null> {
  const file = options.configFile ?? host.env.MILLRACE_CONFIG ?? null;
  if (file === null) return null;
  return readFile(file, 'utf8').catch((error) => {
    throw new MillraceError('config_invalid', `The configuration file cannot be read: ${messageOf(error)}`);
  });
}

/** Resolves at the first request to stop; the second one hastens the launcher. */
function untilStopped(host: Host, launcher: Launcher, note: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    let requests = 0;
    host.onStopRequest(() => {
      requests += 1;
      if (requests === 1) {
        note('Draining: running jobs finish, the rest waits for the next start. Ctrl-C again hastens.');
        resolve();
      } else if (requests === 2) {
        note('Hastening: running jobs go back to their queues.');
        launcher.hasten();
      }
    });
  });
}

/** Further supervisors, by the names that logs know them by. */
function supervisorPids(launcher: Launcher): Record<string, number> {
  const [, ...further] = launcher.supervisorPids();
  return Object.fromEntries(further.map((pid, at) => [supervisorName(at + 1), pid]));
}

function announce(host: Host, options: UpOptions, launcher: Launcher): void {
  const running = launcher.running();
  if (!options.json) return void host.stdout.write(welcome(running));
  const pids = {
    producer: launcher.pidOf('producer'),
    supervisor: launcher.pidOf('supervisor'),
    ...supervisorPids(launcher),
    store: launcher.pidOf('store'),
  };
  host.stdout.write(welcomeJson(running, pids));
}

async function run(options: UpOptions, host: Host): Promise<number> {
  const notes = options.json ? host.stderr : host.stdout;
  const settings = {
    dir: options.dir,
    configText: await configText(host, options),
    imposed: options.demo === null ? {} : DEMO_CONFIG,
    jaeger: options.jaeger,
    environment: () => (options.demo === null ? {} : demoTracing(host.env)),
  };
  const launcher = createLauncher(host, settings, notes);
  const stopped = untilStopped(host, launcher, (line) => notes.write(`${line}\n`));
  const interrupted = new AbortController();
  stopped.then(() => interrupted.abort());
  try {
    const up = await Promise.race([launcher.start().then(() => true), stopped.then(() => false)]);
    if (!up) {
      await launcher.stop();
      notes.write('Stopped.\n');
      return 0;
    }
    if (options.demo !== null) {
      return await runDemo(host, options.demo, {
        launcher,
        json: options.json,
        notes,
        signal: interrupted.signal,
      });
    }
    announce(host, options, launcher);
    await stopped;
    await launcher.stop();
    notes.write('Stopped.\n');
    return 0;
  } finally {
    await launcher.stop();
  }
}

/** The document that every verb answers with under --json when it fails. */
function problemOf({ code, status, message }: MillraceError) {
  const { title } = ERROR_CATALOGUE[code];
  return { type: `urn:millrace:error:${code}`, title, status, code, detail: message };
}

/**
 * What `npm start` and `millrace up` do with the words after them: runs the platform until it is asked to stop,
 * or the demo to its end. Resolves with the exit code: 0, 1 after one clear sentence, 2 for wrong usage.
 */
export async function runUp(argv: readonly string[], host: Host): Promise<number> {
  const json = argv.includes('--json');
  try {
    const options = parseUp(argv, host.cwd);
    if (options === 'help') {
      host.stdout.write(HELP);
      return 0;
    }
    return await run(options, host);
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    host.stderr.write(`${error.message}\n`);
    if (json) host.stdout.write(`${JSON.stringify(problemOf(error))}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}
