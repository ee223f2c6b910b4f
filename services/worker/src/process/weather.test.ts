import { fileURLToPath } from 'node:url';
import { systemClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { EXIT } from '../ipc.ts';
import { type ChildExit, childSpawner } from '../pod/child-process.ts';
import { createDyingWatch } from '../pod/dying-watch.ts';

const CORE = new URL('../../../../packages/core/src/index.ts', import.meta.url).href;
const HANDLERS = fileURLToPath(new URL('../../../../tests/fixtures/handlers/worker', import.meta.url));

/** Runs in a worker process as soon as that listens for what nobody catches. */
const inWorker = (code: string) => `
  import { MillraceError } from '${CORE}';
  const looks = setInterval(() => {
    if (process.listenerCount('uncaughtException') === 0) return;
    clearInterval(looks);
    ${code}
  }, 1);`;

/** How a worker process ends in which `code` runs, and what it told its pod before. */
async function endOf(code: string): Promise<{ told: string[]; exit: ChildExit }> {
  const memory = {
    limitBytes: () => null,
    usedBytes: () => null,
    heldBytes: () => null,
    oomKills: () => null,
  };
  const outside = { output: process.stderr, dying: createDyingWatch(systemClock), memory };
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(inWorker(code))}`;
  const settings = { MILLRACE_HANDLERS: HANDLERS, MILLRACE_REDIS_URL: 'redis://127.0.0.1:1' };
  const env = { ...settings, MILLRACE_SUPERVISORS: '127.0.0.1:1', NODE_OPTIONS };
  const spawn = childSpawner({
    ...outside,
    pod: 'p',
    pool: 'default',
    env,
    nodeOptions: [],
    spans: null,
    clock: systemClock,
  });
  const told: string[] = [];
  const exit = Promise.withResolvers<ChildExit>();
  spawn('p.1', { onMessage: ({ type }) => told.push(type), onExit: exit.resolve });
  return { exit: await exit.promise, told };
}

test('a process that ends since the store is away says so before', async () => {
  const { told, exit } = await endOf(`throw new MillraceError('store_unavailable', 'as told');`);
  expect(exit).toMatchObject({ code: EXIT.storeAway });
  expect(told).toContain('leaving');
});

test.each([
  ['throws where nobody catches it', `throw new Error('a defect')`, 1],
  ['chooses that code itself', `process.exit(${EXIT.storeAway})`, EXIT.storeAway],
  ['chooses the code of a fenced one', `process.exit(${EXIT.fenced})`, EXIT.fenced],
])('one that %s does not', async (_, code, exitCode) => {
  const { told, exit } = await endOf(code);
  expect(exit).toMatchObject({ code: exitCode });
  expect(told).not.toContain('leaving');
  expect(told).not.toContain('fenced');
});
