import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../support/queue.ts';
import { serviceMain } from '../support/service-main.ts';
import { testStore, uniquePrefix } from '../support/store.ts';

const MAIN = await serviceMain('producer');
const HANDLERS = fileURLToPath(new URL('../fixtures/sums', import.meta.url));

let dir: string;
let child: ChildProcess;
let stderr: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-access-'));
});
afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await rm(dir, { recursive: true });
});

/** A producer that others could reach, as it is in a cluster; resolves with its ports. */
async function start(http: string): Promise<{ http: number; health: number }> {
  const config = `redis: {url: "${testStore().url}", prefix: ${uniquePrefix()}}\nhttp: {host: 0.0.0.0, port: 0, healthPort: 0, ${http}}\nqueues: {work: {}}\nlog: {level: error}\n`;
  await writeFile(join(dir, 'config.yaml'), config);
  child = fork(MAIN, [], {
    env: {
      PATH: process.env.PATH,
      MILLRACE_CONFIG: join(dir, 'config.yaml'),
      MILLRACE_TOKENS_FILE: join(dir, 'tokens'),
      MILLRACE_HANDLERS: HANDLERS,
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const [{ ports }] = await once(child, 'message');
  return ports;
}

/** Puts a file with an operator's tokens in the place of the one before. */
async function tokens(...held: string[]): Promise<void> {
  const lines = held.map((token) => {
    const sha256 = createHash('sha256').update(token).digest('hex');
    return JSON.stringify({ id: 'the night shift', role: 'operator', sha256 });
  });
  await writeFile(join(dir, 'new'), lines.join('\n'));
  await rename(join(dir, 'new'), join(dir, 'tokens'));
}

const auditLines = () =>
  stderr
    .split('\n')
    .filter((line) => line.includes('"audit":1'))
    .map((line) => JSON.parse(line));

test('tokens are changed for others under way, and changes are written down at any log level', {
  timeout: 60_000,
}, async () => {
  await tokens('old');
  const ports = await start('lingerMs: 0, authFailures: 100000');
  const pause = async (token: string) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    };
    const url = `http://127.0.0.1:${ports.http}/v1/queues/work`;
    return (await fetch(url, { method: 'PATCH', headers, body: '{"paused":true}' })).status;
  };
  expect(await pause('old')).toBe(200);
  expect(await pause('new')).toBe(401);
  await tokens('old', 'new');
  await until(async () => (await pause('new')) === 200, 'the new token is known');
  expect(await pause('old')).toBe(200);
  await tokens('new');
  await until(async () => (await pause('old')) === 401, 'the old token is known no more');
  expect(await pause('new')).toBe(200);
  await writeFile(join(dir, 'tokens'), 'nonsense');
  const metrics = async () => (await fetch(`http://127.0.0.1:${ports.health}/metrics`)).text();
  await until(async () => (await metrics()).includes('millrace_tokens_file_refused 1'), 'a bad file is told');
  expect(await pause('new')).toBe(200);
  const said = 'The tokens file cannot be used: the tokens before stay in force';
  await until(() => stderr.includes(said), 'the log says so');

  child.kill('SIGTERM');
  await once(child, 'close');
  const [first, second] = auditLines();
  expect(first).toMatchObject({
    service: 'producer',
    audit: 1,
    action: 'changeQueue',
    outcome: 'done',
    by: 'the night shift',
    trace: '4bf92f3577b34da6a3ce929d0e0e4736',
    target: { queue: 'work', paused: true },
  });
  expect(Math.abs(first.time - Date.now())).toBeLessThan(60_000);
  expect(second).toMatchObject({ outcome: 'refused', status: 401, by: null });
});

test('on SIGTERM it is not ready at once, serves on for its linger, and exits 0', {
  timeout: 60_000,
}, async () => {
  await tokens('held');
  const ports = await start('lingerMs: 1500');
  const startedMs = performance.now();
  child.kill('SIGTERM');
  const exit = once(child, 'exit');
  const ready = async () => (await fetch(`http://127.0.0.1:${ports.health}/readyz`)).status;
  await until(async () => (await ready()) === 503, 'it is not ready');
  const answer = await fetch(`http://127.0.0.1:${ports.http}/v1/queues`, {
    headers: { authorization: 'Bearer held' },
  });
  expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
  expect(await exit).toEqual([0, null]);
  expect(performance.now() - startedMs).toBeGreaterThan(1_400);
});
