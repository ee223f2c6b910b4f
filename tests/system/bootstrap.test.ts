import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning } from '../support/launch.ts';
import { until } from '../support/queue.ts';

/** A repository of a few files, whose packages are folders in it: npm needs no network for them. */
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'millrace-bootstrap-'));
  await mkdir(join(root, 'local'));
  const bootstrap = new URL('../../local/bootstrap.mjs', import.meta.url);
  await copyFile(fileURLToPath(bootstrap), join(root, 'local', 'bootstrap.mjs'));
  await writeFile(
    join(root, 'local', 'start.mjs'),
    `import { fileURLToPath } from 'node:url';
     import { underPinnedNode } from './bootstrap.mjs';
     await underPinnedNode(fileURLToPath(import.meta.url), () => import('./main.mjs'));`,
  );
});
afterEach(() => rm(root, { recursive: true }));

async function repository(dependencies: readonly string[]): Promise<void> {
  const packages: Record<string, object> = {
    '': { dependencies: Object.fromEntries(dependencies.map((name) => [name, `file:${name}`])) },
  };
  for (const name of dependencies) {
    await mkdir(join(root, name, 'bin'), { recursive: true });
    await writeFile(join(root, name, 'package.json'), JSON.stringify({ name, version: '1.0.0' }));
    packages[name] = { version: '1.0.0' };
    packages[`node_modules/${name}`] = { resolved: name, link: true };
  }
  await writeFile(join(root, 'package.json'), JSON.stringify(packages['']));
  await writeFile(
    join(root, 'package-lock.json'),
    JSON.stringify({ lockfileVersion: 3, requires: true, packages }),
  );
}

/** A pinned Node that says so, and then is the one we run under. */
async function pinNode(): Promise<void> {
  await repository(['node']);
  const file = join(root, 'node', 'bin', 'node');
  await writeFile(file, `#!/bin/sh\nPINNED=yes exec "${process.execPath}" "$@"\n`);
  await chmod(file, 0o755);
}

const program = (text: string) => writeFile(join(root, 'local', 'main.mjs'), text);

function start(...args: string[]): {
  process: ChildProcess;
  said: () => string;
  end: Promise<number | null>;
} {
  const child = spawn(process.execPath, [join(root, 'local', 'start.mjs'), ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
    });
  }
  return { process: child, said: () => said, end: once(child, 'close').then(() => child.exitCode) };
}

describe('npm start and npm test on a fresh clone', () => {
  it('install what is missing, once, and go on', async () => {
    await repository(['thing']);
    await program('console.log("went on");');
    const first = start();
    expect(await first.end).toBe(0);
    expect(first.said()).toBe('Installing packages (npm ci) …\nwent on\n');
    const second = start();
    expect(await second.end).toBe(0);
    expect(second.said()).toBe('went on\n');
    await repository(['thing', 'other']);
    const changed = start();
    expect(await changed.end).toBe(0);
    expect(changed.said()).toBe('Installing packages (npm ci) …\nwent on\n');
  });

  it('keep npm’s own words when it fails', async () => {
    await repository(['thing', 'stranger']);
    const grown = await readFile(join(root, 'package.json'));
    await repository(['thing']);
    await writeFile(join(root, 'package.json'), grown);
    await program('console.log("went on");');
    const failed = start();
    expect(await failed.end).toBe(1);
    expect(failed.said()).toMatch(
      /^Installing.*npm error.*package-lock.json.*\nnpm ci failed \(exit code 1\); its own words are above. Nothing was started.\n$/s,
    );
  });

  it('go on under the pinned Node, with their arguments and its exit code', async () => {
    await pinNode();
    await program('console.log(process.env.PINNED, process.argv.slice(2).join()); process.exit(7);');
    const run = start('--a', 'b');
    expect(await run.end).toBe(7);
    expect(run.said()).toContain('yes --a,b\n');
  });

  it('pass signals on, and take it along when they are killed', async () => {
    await pinNode();
    await program(`
      import { writeFileSync } from 'node:fs';
      const [file] = process.argv.slice(2);
      process.on('SIGTERM', () => process.exit(5));
      process.on('disconnect', () => { writeFileSync(file, 'alone'); process.exit(); });
      writeFileSync(file, String(process.pid));
      setInterval(() => {}, 1e6);`);
    const written = (name: string) => readFile(join(root, name), 'utf8').catch(() => '');

    const ended = start(join(root, 'first'));
    await until(async () => (await written('first')) !== '', 'it runs');
    ended.process.kill('SIGTERM');
    expect(await ended.end).toBe(5);

    const killed = start(join(root, 'second'));
    await until(async () => (await written('second')) !== '', 'it runs');
    const pid = Number(await written('second'));
    killed.process.kill('SIGKILL');
    await until(() => !isRunning(pid), 'it has noticed');
    expect(await written('second')).toBe('alone');
  });
}, 60_000);
