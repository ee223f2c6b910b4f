import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = new URL('../../', import.meta.url).pathname;
const BIN = join(ROOT, 'cli/bin/millrace.mjs');

/** Stands in for a producer: completion asks it for names and nothing else, and must not wait for a silent one. */
const server = createServer((request, response) => {
  if (request.url?.startsWith('/silent')) return;
  const queue = (name: string) => ({
    ...{ name, paused: false, counts: {}, depth: 3, bound: 10, bytes: 0, maxBytes: 1, maxDepth: 3 },
    ...{ oldestWaitingMs: null, drainPerSecond: 0, concurrency: null, refused: 0 },
  });
  response.end(JSON.stringify({ queues: [queue('images'), queue('imports.daily'), queue('mail')] }));
});
let url = '';

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Types `line` into a bash that has loaded the script, presses Tab, and reads what it would offer. */
async function pressTab(line: string, server = url): Promise<string[]> {
  const words = line.split(' ');
  const script = `
    source <("${BIN}" completion bash)
    COMP_WORDS=("${BIN}" ${words.map((word) => `'${word}'`).join(' ')})
    COMP_CWORD=${words.length}
    _millrace
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = {
    ...process.env,
    MILLRACE_URL: server,
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
  };
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { env, cwd: '/' });
  return stdout.split('\n').filter((word) => word !== '');
}

describe('completion in bash', () => {
  test('of verbs', async () => {
    expect(await pressTab('re')).toEqual(['retry', 'resume', 'recoveries', 'report']);
  });

  test('of flags and their values', async () => {
    expect(await pressTab('jobs mail --st')).toEqual(['--state']);
    expect(await pressTab('jobs mail --state wai')).toEqual(['waiting', 'waiting-children']);
  });

  test('of queues, which the server knows', async () => {
    expect(await pressTab('pause im')).toEqual(['images', 'imports.daily']);
    expect(await pressTab('--json enqueue ')).toEqual(['images', 'imports.daily', 'mail']);
  });

  test('of nothing, soon and without a word, where no server answers', async () => {
    expect(await pressTab('pause ', `${url}/silent`)).toEqual([]);
    expect(await pressTab('pause ', 'http://127.0.0.1:1')).toEqual([]);
  });
});
