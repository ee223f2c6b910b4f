import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { systemClock } from '@millrace/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '../host.ts';
import { supplyServer } from './supply.ts';

/** A PATH of our own: the few tools that the scripts use, and programs that only pretend. */
let bin: string;
beforeEach(async () => {
  bin = await mkdtemp(join(tmpdir(), 'millrace-bin-'));
  for (const tool of ['sh', 'rm', 'chmod', 'cp', 'cat']) {
    await symlink(
      execFileSync('sh', ['-c', `command -v ${tool}`])
        .toString()
        .trim(),
      join(bin, tool),
    );
  }
  await program('id', 'echo 0');
});
afterEach(() => rm(bin, { recursive: true }));

async function program(name: string, script: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, name), 0o755);
}

/** An apt-get that notes its calls and what policy-rc.d answers meanwhile, and "installs" the server. */
async function fakeApt(version = '7.0.15'): Promise<void> {
  await program('prepared', `echo "Redis server v=${version} sha=0"`);
  await program('apt-cache', '[ "$2" = redis-server ]');
  await program('systemctl', `echo "systemctl $*" >> ${bin}/calls`);
  await program(
    'apt-get',
    `echo "apt-get $*" >> ${bin}/calls
     [ "$1" = install ] || exit 0
     "$POLICY_RC_D" redis-server start; echo "policy $?" >> ${bin}/calls
     cp ${bin}/prepared ${bin}/redis-server`,
  );
}

function host(
  tty = false,
  input = new PassThrough(),
): { host: Host; notes: () => string; sink: PassThrough } {
  const sink = new PassThrough();
  const env = { PATH: bin, POLICY_RC_D: join(bin, 'policy-rc.d') };
  const stream = Object.assign(input, { isTTY: tty });
  const stdout = Object.assign(new PassThrough(), { isTTY: tty });
  const partial = { env, stdin: stream, stdout, clock: systemClock };
  return { host: partial as unknown as Host, notes: () => String(sink.read() ?? ''), sink };
}

const calls = async () => (await readFile(join(bin, 'calls'), 'utf8')).trim().split('\n');

describe('a machine without a store server', () => {
  it('gets one from its package manager, with the package’s own service left off', async () => {
    await fakeApt();
    const { host: machine, notes, sink } = host();
    const server = await supplyServer(machine, sink);
    expect(server).toEqual({ file: join(bin, 'redis-server'), kind: 'redis', version: '7.0.15' });
    expect(notes()).toMatch(/^No Valkey or Redis server was found: installing .* with apt-get/);
    const [update, install, policy, disable] = await calls();
    expect(update).toMatch(/^apt-get update/);
    expect(install).toMatch(/^apt-get install .*redis-server$/);
    expect(policy).toBe('policy 101');
    expect(disable).toBe('systemctl disable redis-server');
    expect(existsSync(join(bin, 'policy-rc.d'))).toBe(false);
  });

  it('keeps a policy that was there before', async () => {
    await fakeApt();
    await program('policy-rc.d', 'exit 104');
    const { host: machine, sink } = host();
    await supplyServer(machine, sink);
    expect((await calls())[2]).toBe('policy 104');
    expect(existsSync(join(bin, 'policy-rc.d'))).toBe(true);
  });

  it('asks when a person is there, and takes no for an answer', async () => {
    await fakeApt();
    const keys = new PassThrough();
    const { host: machine, sink } = host(true, keys);
    const supplied = supplyServer(machine, sink);
    sink.once('data', () => keys.write('n\n'));
    await expect(supplied).rejects.toThrow(
      /^Nothing was installed: run "sudo apt-get install redis-server", or set/,
    );
    expect(existsSync(join(bin, 'calls'))).toBe(false);
  });

  it('goes on when the person says yes', async () => {
    await fakeApt();
    const keys = new PassThrough();
    const { host: machine, sink } = host(true, keys);
    const supplied = supplyServer(machine, sink);
    sink.once('data', () => keys.write('\n'));
    expect((await supplied).kind).toBe('redis');
  });

  it('takes the end of the input for a no', async () => {
    await fakeApt();
    const keys = new PassThrough();
    const { host: machine, sink } = host(true, keys);
    const supplied = supplyServer(machine, sink);
    sink.once('data', () => keys.end());
    await expect(supplied).rejects.toThrow(/^Nothing was installed/);
  });

  it('says what to do without the rights to install', async () => {
    await fakeApt();
    await program('id', 'echo 1000');
    const { host: machine, sink } = host();
    await expect(supplyServer(machine, sink)).rejects.toThrow(
      'No Valkey or Redis server was found, and installing one needs root or a sudo that asks for no password: run "sudo apt-get install redis-server", or set MILLRACE_REDIS_URL to a store that runs already.',
    );
  });

  it('uses a sudo that asks for no password', async () => {
    await fakeApt();
    await program('id', 'echo 1000');
    await program('sudo', `echo "sudo $1" >> ${bin}/calls; shift; exec "$@"`);
    await program('true', 'exit 0');
    const { host: machine, sink } = host();
    await supplyServer(machine, sink);
    expect((await calls()).slice(0, 3)).toEqual([
      'sudo -n',
      'sudo -n',
      expect.stringMatching(/^apt-get update/),
    ]);
  });

  it('says what to do without a package manager', async () => {
    const { host: machine, sink } = host();
    await expect(supplyServer(machine, sink)).rejects.toThrow(
      /^No Valkey or Redis server was found, and no package manager to install one \(apt-get, dnf, apk, pacman, brew\): install Valkey ≥ 7.2 or Redis ≥ 7.0 so that/,
    );
  });

  it('shows the package manager’s own words when it fails', async () => {
    await program('apt-cache', 'exit 1');
    await program('apt-get', 'exit 0');
    const { host: machine, notes, sink } = host();
    await expect(supplyServer(machine, sink)).rejects.toThrow(
      /^apt-get could not install a store server \(exit code 1\)/,
    );
    expect(notes()).toContain('none of these packages is known here: valkey-server redis-server');
    expect(existsSync(join(bin, 'policy-rc.d'))).toBe(false);
  });

  it('refuses a server that is too old, installed before or just now', async () => {
    await fakeApt('6.0.16');
    const { host: machine, sink } = host();
    for (const _ of [1, 2]) {
      await expect(supplyServer(machine, sink)).rejects.toThrow(
        /redis-server is Redis 6.0.16, which is too old: install Redis ≥ 7.0 or Valkey ≥ 7.2/,
      );
    }
  });
});
