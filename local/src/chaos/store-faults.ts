import { signalProcess } from '../launch/process-identity.ts';
import { ChaosFailure, type ChaosTarget, type Fault, NO_DEATH } from './fault.ts';
import { busiestWorker, oneOf, strikeProcess, until } from './steps.ts';

const BACK_MS = 60_000;
const PAUSE_MS = 10_000;
const FULL_MS = 5_000;

const weather = { needs: ['own-store'], deaths: NO_DEATH, deadLetters: 0, boundMs: 60_000 } as const;

export const storeKill: Fault = {
  ...weather,
  name: 'store-kill',
  summary: 'SIGKILL of the store; it starts again from its append-only file',
  async strike(target) {
    const { pid } = await oneOf(target, 'store');
    strikeProcess(pid, 'SIGKILL');
    target.harmed(`SIGKILL of the store (process ${pid})`);
    await until(target, 'the store answers again', BACK_MS, async () => {
      const [next] = await target.processes('store');
      if (!next || next.pid === pid) return false;
      const [pong] = await target.store(['PING']).catch(() => [null]);
      return pong === 'PONG';
    });
  },
};

export const storePause: Fault = {
  ...weather,
  name: 'store-pause',
  summary: 'the store is stopped for 10 s (SIGSTOP, SIGCONT)',
  async strike(target) {
    const { pid } = await oneOf(target, 'store');
    strikeProcess(pid, 'SIGSTOP');
    try {
      target.harmed(`SIGSTOP of the store (process ${pid}) for ${PAUSE_MS / 1000} s`);
      await target.clock.sleep(PAUSE_MS, target.signal);
    } finally {
      signalProcess(pid, 'SIGCONT');
    }
  },
};

async function numberOf(target: ChaosTarget, command: readonly string[], pattern: RegExp): Promise<number> {
  const [reply] = await target.store(command);
  const found = pattern.exec(Array.isArray(reply) ? reply.join(' ') : String(reply))?.[1];
  if (found === undefined) throw new ChaosFailure(`the store did not tell: ${command.join(' ')}`);
  return Number(found);
}

export const storeFull: Fault = {
  ...weather,
  name: 'store-full',
  summary: 'the store is out of memory for 5 s: it refuses every write',
  async strike(target) {
    const before = await numberOf(target, ['CONFIG', 'GET', 'maxmemory'], /maxmemory (\d+)/);
    const used = await numberOf(target, ['INFO', 'memory'], /used_memory:(\d+)/);
    await target.store(['CONFIG', 'SET', 'maxmemory', String(Math.max(1, Math.floor(used / 2)))]);
    try {
      target.harmed(`the store's memory is limited to half of what it uses, for ${FULL_MS / 1000} s`);
      await target.clock.sleep(FULL_MS, target.signal);
    } finally {
      await target.store(['CONFIG', 'SET', 'maxmemory', String(before)]);
    }
  },
};

/** Every connection of a start carries its id. */
async function connectionsOf(target: ChaosTarget, worker: string): Promise<string[]> {
  const [list] = await target.store(['CLIENT', 'LIST']);
  return String(list)
    .split('\n')
    .filter((line) => line.includes(worker))
    .flatMap((line) => /\bid=(\d+)/.exec(line)?.[1] ?? []);
}

export const storeReset: Fault = {
  ...weather,
  needs: [],
  name: 'store-reset',
  summary: 'every connection of the busiest worker to the store is cut, once',
  async strike(target) {
    const { id } = await busiestWorker(target);
    const connections = await connectionsOf(target, id);
    if (connections.length === 0) throw new ChaosFailure(`worker ${id} has no connection to the store`);
    await target.store(...connections.map((each) => ['CLIENT', 'KILL', 'ID', each]));
    target.harmed(`${connections.length} connections of worker ${id} to the store were cut`);
  },
};
