import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimFolder } from '../../local/src/launch/folder.ts';
import { configFile, launch, SMALL_CONFIG, scratch } from '../support/launch.ts';
import { freePort } from '../support/store-setup.ts';

let dir: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ dir, remove } = await scratch());
});
afterEach(() => remove());

/** Starts, expects it to end with `code` and the same sentence as a document on stdout; returns the sentence. */
async function refusal(args: readonly string[], env: Record<string, string> = {}, code = 1): Promise<string> {
  const started = launch(['--json', ...args], env);
  expect(await started.exit()).toBe(code);
  const { detail } = JSON.parse(started.stdout()) as { detail: string };
  expect(started.stderr()).toBe(`${detail}\n`);
  return started.stderr();
}

describe('npm start says in one sentence that it cannot', () => {
  it('because a port is taken, naming it and how to change it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const config = await configFile(dir, SMALL_CONFIG.replace('port: 0', `port: ${port}`));
    expect(await refusal(['--dir', dir, '--config', config])).toBe(
      `Port ${port} (http.port) on 127.0.0.1 is taken: stop what listens there, or write "http: { port: N }" with a free port into a file and give it as --config FILE.\n`,
    );
    server.close();
  });

  it('because the folder is in use', async () => {
    const folder = await claimFolder(dir, process.pid);
    expect(await refusal(['--dir', dir, '--config', await configFile(dir)])).toBe(
      `The folder ${dir} is in use by another Millrace (process ${process.pid}): stop that one, or choose another folder with --dir DIR.\n`,
    );
    await folder.release();
  });

  it('because the folder cannot be written', async () => {
    await writeFile(join(dir, 'file'), '');
    const below = join(dir, 'file', 'data');
    expect(await refusal(['--dir', below])).toMatch(
      new RegExp(
        `^The folder ${below} cannot be written to \\(.*\\): give it to this user, or choose another with --dir DIR.\n$`,
      ),
    );
  });

  it('because the store that was named does not answer', async () => {
    const url = `redis://127.0.0.1:${await freePort()}`;
    const args = ['--dir', dir, '--config', await configFile(dir)];
    expect(await refusal(args, { MILLRACE_REDIS_URL: url })).toMatch(
      new RegExp(
        `^The store at ${url} does not answer \\(.*\\): start it, correct MILLRACE_REDIS_URL or redis.url, or unset them and Millrace runs its own.\n$`,
      ),
    );
  });

  it('because there is neither a store server nor a package manager', async () => {
    const args = ['--dir', dir, '--config', await configFile(dir)];
    expect(await refusal(args, { PATH: dir })).toMatch(
      /^No Valkey or Redis server was found, and no package manager to install one \(.*\): .*\n$/,
    );
  });

  it('because it would listen beyond loopback without tokens', async () => {
    const open = SMALL_CONFIG.replace('http: {', 'http: { host: 0.0.0.0,');
    const said = await refusal(['--dir', dir, '--config', await configFile(dir, open)]);
    expect(said).toMatch(/^producer did not start \(exit code 1\): .*token.*\n$/i);
  });

  it('because the configuration is wrong: every fault at once', async () => {
    const config = await configFile(dir, 'htpp: {}\nqueue: { bound: 0 }\n');
    const said = await refusal(['--dir', dir, '--config', config], { MILLRACE_REDIS_ULR: 'x' });
    expect(said).toContain('/htpp: unknown key (did you mean "http"?)');
    expect(said).toContain('/queue/bound');
    expect(said).toContain('did you mean "MILLRACE_REDIS_URL"');
  });

  it('because the configuration file is not there', async () => {
    expect(await refusal(['--config', join(dir, 'none.yaml')])).toMatch(
      /^The configuration file cannot be read: ENOENT/,
    );
  });

  it('because of a misspelt flag, with exit code 2', async () => {
    expect(await refusal(['--dmeo'], {}, 2)).toBe(
      'Unknown flag --dmeo (did you mean "--demo"?). See --help.\n',
    );
  });
});
