import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const FIXTURE = fileURLToPath(new URL('../../../tests/fixtures/logs-and-exits.ts', import.meta.url));

function start() {
  const child = fork(FIXTURE, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  return { child, exit: once(child, 'exit'), close: once(child, 'close') };
}

test('lines that are logged as the process exits are written, with what ran then', async () => {
  const { child, close } = start();
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  child.send('go');
  expect(await close).toEqual([7, null]);
  const lines = text.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject(
    [0, 1, 2].map((i) => ({ service: 'test', i, trace_id: 'abc' })),
  );
});

test('a process whose log nobody reads any more ends all the same', async () => {
  const { child, exit } = start();
  child.stderr?.destroy();
  await once(child.stderr as NonNullable<typeof child.stderr>, 'close');
  child.send('go');
  const ended = await Promise.race([exit, new Promise((resolve) => setTimeout(resolve, 5_000, 'hangs'))]);
  child.kill('SIGKILL');
  expect(ended).toEqual([7, null]);
});
