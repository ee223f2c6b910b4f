import type { Config } from '@millrace/core';
import { signalProcess } from '../launch/process-identity.ts';
import { childrenOf } from './children.ts';
import { ChaosFailure, type ChaosTarget, type Fault } from './fault.ts';
import { busiestWorker, isGone, strikeProcess, until, untilRecovered } from './steps.ts';

const GONE_MS = 10_000;
const KILLS = 20;
const KILL_AGAIN_MS = 20;
/** Every process of a pod that gives up has ended within this time, and its pool has counted it. */
const GIVES_UP_MS = 15_000;
/** So long may the row take: processes, and pods after them, start ever more slowly. */
const ROW_MS = 90_000;

/** One process of a pod dies. */
export const workerKill: Fault = {
  name: 'worker-kill',
  summary: 'SIGKILL of the busiest worker process',
  needs: [],
  deaths: { least: 1, most: 1, causes: ['killed'] },
  deadLetters: 0,
  boundMs: 30_000,
  async strike(target) {
    const { id, pid } = await busiestWorker(target);
    strikeProcess(pid, 'SIGKILL');
    target.harmed(`SIGKILL of worker ${id} (process ${pid})`);
    await untilRecovered(target, id);
  },
};

/** The zombie that wakes finds its jobs taken over: its fence lets it change nothing. */
export const workerFreeze: Fault = {
  name: 'worker-freeze',
  summary: 'SIGSTOP of the busiest worker until it is fenced, then SIGCONT: the zombie must change nothing',
  needs: [],
  settings: { supervision: { killFenced: false } },
  deaths: { least: 1, most: 1, causes: ['hung'] },
  deadLetters: 0,
  boundMs: 60_000,
  async strike(target) {
    const { id, pid } = await busiestWorker(target);
    strikeProcess(pid, 'SIGSTOP');
    target.harmed(`SIGSTOP of worker ${id} (process ${pid})`);
    try {
      await untilRecovered(target, id);
    } finally {
      signalProcess(pid, 'SIGCONT');
    }
    await until(target, 'the zombie has ended', GONE_MS, () => isGone(pid));
  },
};

/** A pod's end is the end of all in it, as in a container. */
export const podKill: Fault = {
  name: 'pod-kill',
  summary: 'SIGKILL of a pod supervisor: its workers must not live on',
  needs: [],
  deaths: {
    least: 1,
    // All that it has, and a standby that was being warmed beside them.
    most: ({ worker: { processes, standby } }) => processes + standby + 1,
    causes: ['pod-lost', 'killed', 'crash', 'shutdown'],
  },
  deadLetters: 0,
  boundMs: 60_000,
  async strike(target) {
    const { id, pod } = await busiestWorker(target);
    const supervisor = (await target.processes('pod')).find(({ name }) => name === `pod-${pod}`);
    if (!supervisor) throw new ChaosFailure(`the pod ${pod} has no process`);
    const workers = await childrenOf(supervisor.pid);
    strikeProcess(supervisor.pid, 'SIGKILL');
    target.harmed(
      `SIGKILL of pod ${pod} (process ${supervisor.pid}) with ${workers.length} worker processes`,
    );
    await until(target, 'the workers of the killed pod have ended', GONE_MS, async () => {
      const gone = await Promise.all(workers.map(isGone));
      return gone.every(Boolean);
    });
    await untilRecovered(target, id);
  },
};

/**
 * At most so many kills spend the budgets of all pools: each pod takes its own and those that end with it, and the pools
 * count the pods. Kills go to whatever process there is, so that budgets may be begun on all of them.
 */
function killsToGiveUp({ pools, worker, supervision }: Config): number {
  const { processes, standby } = worker;
  return Object.values(pools).reduce((sum, { pods, intensity = supervision.intensity }) => {
    if (pods === 0) return sum;
    return (
      sum +
      (intensity + 1) * (supervision.intensity + processes + standby) +
      (pods - 1) * supervision.intensity
    );
  }, 0);
}

/** A budget that is spent: the level above decides, and in the end the pool gives up for a while. */
export const killsInARow: Fault = {
  name: 'kills-in-a-row',
  summary: '20 SIGKILLs faster than workers can be started: the budget escalates instead of thrashing',
  needs: [],
  settings: { supervision: { intensity: 2, openMs: 2_000, trialMs: 1_000 } },
  fits(config) {
    const kills = killsToGiveUp(config);
    if (kills <= KILLS) return null;
    return `its pools give up after up to ${kills} kills, and it makes ${KILLS}: start it with a lower supervision.intensity`;
  },
  deaths: { least: 1, most: 60, causes: ['killed', 'pod-lost', 'crash', 'shutdown'] },
  deadLetters: 0,
  boundMs: 120_000,
  async strike(target) {
    const killed = await killUntilGivenUp(target);
    target.tell('kills', killed);
    const open = 'a pool gives up: its circuit opens instead of restart upon restart';
    await until(target, open, GIVES_UP_MS, () => hasGivenUp(target));
    target.tell('circuitsOpened', 1);
  },
};

/** Kills whatever worker process there is, 20 times at most, and fewer when a pool has given up before; how many. */
async function killUntilGivenUp(target: ChaosTarget): Promise<number> {
  const killed = new Set<number>();
  const endMs = target.clock.monotonicMs() + ROW_MS;
  while (killed.size < KILLS && target.clock.monotonicMs() < endMs) {
    const victim = await anyWorkerProcess(target, killed);
    if (victim !== undefined && signalProcess(victim, 'SIGKILL')) {
      killed.add(victim);
      target.harmed(`up to ${KILLS} SIGKILLs of worker processes, as soon as there is one`);
    }
    await target.clock.sleep(KILL_AGAIN_MS, target.signal);
    if (killed.size > 0 && (await hasGivenUp(target))) break;
  }
  return killed.size;
}

/** A worker process of any pod, whether anybody has heard of it yet or not; not one that is dying already. */
async function anyWorkerProcess(
  target: ChaosTarget,
  killed: ReadonlySet<number>,
): Promise<number | undefined> {
  const pods = await target.processes('pod');
  const children = (await Promise.all(pods.map(({ pid }) => childrenOf(pid)))).flat();
  return children.find((pid) => !killed.has(pid));
}

/** A pool has opened its circuit: what the fault is made for, and nothing is left to kill. */
async function hasGivenUp(target: ChaosTarget): Promise<boolean> {
  const answer = await target.api.ask({ method: 'GET', path: '/v1/tree' });
  const { pools = [] } = (answer.body ?? {}) as { pools?: readonly { readonly state: string }[] };
  return pools.some(({ state }) => state === 'open');
}
