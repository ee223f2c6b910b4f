import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Child, startChild } from './child.ts';
import { type Keeper, type KeptProcess, keep } from './keeper.ts';
import { signalProcess } from './process-identity.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-keeper-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** A process that runs `script` in a Node of its own; ready at its message. */
function kept(script: string, graceMs = 5_000): KeptProcess {
  return {
    name: 'thing',
    graceMs,
    spawn: () =>
      startChild({
        name: 'thing',
        file: process.execPath,
        args: ['-e', script],
        env: {},
        logFile: join(dir, 'thing.log'),
        ipc: true,
      }),
    untilReady: (child) => new Promise((resolve) => child.onMessage(() => resolve())),
  };
}

const SERVES = 'process.send({}); setInterval(() => {}, 1e6);';

function keeping(process: KeptProcess) {
  const spawned: Child[] = [];
  const notes: string[] = [];
  const waiters: (() => void)[] = [];
  const keeper = keep(process, {
    clock: systemClock,
    note: (line) => notes.push(line),
    onSpawn: async (child) => {
      spawned.push(child);
      for (const wake of waiters.splice(0)) wake();
    },
    onExit: () => undefined,
  });
  const spawnedTimes = async (count: number) => {
    while (spawned.length < count) await new Promise<void>((resolve) => waiters.push(resolve));
  };
  return { keeper, spawned, notes, spawnedTimes };
}

describe('keeper', () => {
  it('keeps the contract of everything that lives long', async () => {
    const pids = new Map<Keeper, Child[]>();
    await lifecycleStress(
      () => {
        const { keeper, spawned } = keeping(kept(SERVES));
        pids.set(keeper, spawned);
        return keeper;
      },
      (keeper) => (pids.get(keeper) ?? []).some((child) => signalProcess(child.pid, 0)),
    );
  });

  it('starts again what was killed, and says so in one line', async () => {
    const { keeper, spawned, notes, spawnedTimes } = keeping(kept(SERVES));
    await keeper.start();
    signalProcess(spawned[0]?.pid as number, 'SIGKILL');
    await spawnedTimes(2);
    expect(notes).toEqual(['thing ended (SIGKILL); it starts again in 0.05 s']);
    expect(keeper.current()).toBe(spawned[1]);
    await keeper.stop();
    expect(keeper.current()).toBeNull();
  });

  it('passes on the last words of a process that never served', async () => {
    const { keeper } = keeping(kept('console.error("no tokens, no world"); process.exit(1)'));
    await expect(keeper.start()).rejects.toThrow('thing did not start (exit code 1): no tokens, no world');
    await keeper.stop();
  });

  it('shows what a process said before it died', async () => {
    await appendFile(join(dir, 'thing.log'), 'a line of an earlier start\n');
    const dies = 'process.send({}, () => { console.error(\'{"msg":"out of luck"}\'); process.exit(3); });';
    const { keeper, notes, spawnedTimes } = keeping(kept(dies));
    await keeper.start();
    await spawnedTimes(2);
    expect(notes[0]).toBe('thing ended (exit code 3); it starts again in 0.05 s: out of luck');
    await keeper.stop();
  });

  it('lets nothing outlive a process that was killed', async () => {
    const parent = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'for (;;);']);
      process.send({ grandchild: child.pid }); setInterval(() => {}, 1e6);`;
    const { promise: grandchild, resolve } = Promise.withResolvers<number>();
    const { keeper, spawned } = keeping({
      ...kept(parent),
      untilReady: async (child) => child.onMessage((message) => resolve(message.grandchild as number)),
    });
    await keeper.start();
    const busy = await grandchild;
    signalProcess(spawned[0]?.pid as number, 'SIGKILL');
    await gone(busy);
    await keeper.stop();
  });

  it('kills a process that does not end, with all that it started', async () => {
    const stubborn = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']);
      process.on('SIGTERM', () => {});
      process.send({ grandchild: child.pid }); setInterval(() => {}, 1e6);`;
    const { keeper, spawned } = keeping({
      ...kept(stubborn, 100),
      untilReady: (child) =>
        new Promise((resolve) =>
          child.onMessage((message) => {
            grandchild = message.grandchild as number;
            resolve();
          }),
        ),
    });
    let grandchild = 0;
    await keeper.start();
    await keeper.stop();
    expect((await spawned[0]?.exited)?.signal).toBe('SIGKILL');
    await gone(grandchild);
  });
});

/** Resolves when a process that is being killed is gone; the test's own limit ends a wait in vain. */
async function gone(pid: number): Promise<void> {
  while (signalProcess(pid, 0)) await systemClock.sleep(5);
}
