import { systemClock } from '@millrace/core';
import { expect, test } from 'vitest';
import type { FromProcess } from '../ipc.ts';
import { type ChildExit, childSpawner } from './child-process.ts';
import { createDyingWatch } from './dying-watch.ts';

/** A child that says `words` to its pod in place of becoming a worker, and waits. */
const saying = (words: FromProcess) => {
  const code = `process.send(${JSON.stringify(words)}); setInterval(() => {}, 1e6); await new Promise(() => {})`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
};

/** How the pod sees the end of a child that is killed, by somebody, right after its word. */
async function endAfter(words: FromProcess): Promise<ChildExit> {
  let kills = 0;
  const memory = {
    limitBytes: () => null,
    usedBytes: () => null,
    heldBytes: () => null,
    oomKills: () => kills,
  };
  const outside = { output: process.stderr, dying: createDyingWatch(systemClock), memory };
  const spawn = childSpawner({
    ...outside,
    pod: 'p',
    pool: 'q',
    env: saying(words),
    nodeOptions: [],
    spans: null,
    clock: systemClock,
  });
  const exit = Promise.withResolvers<ChildExit>();
  const heard = Promise.withResolvers<void>();
  kills = 1;
  const child = spawn('p.1', { onMessage: () => heard.resolve(), onExit: exit.resolve });
  await heard.promise;
  process.kill(child.pid, 'SIGKILL');
  return exit.promise;
}

test('a kill beside a rise of the kernel’s count was for memory', async () => {
  expect(await endAfter({ type: 'leaving' })).toMatchObject({ signal: 'SIGKILL', outOfMemory: true });
});

test('but not when a worker has claimed that one for a process of its own', async () => {
  expect(await endAfter({ type: 'memory-kill' })).toMatchObject({ signal: 'SIGKILL', outOfMemory: false });
});
