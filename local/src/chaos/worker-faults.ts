import { signalProcess } from '../launch/process-identity.ts';
import { childrenOf } from './children.ts';
import { ChaosFailure, type ChaosTarget, type Fault } from './fault.ts';
import { busiestWorker, isGone, strikeProcess, until, untilRecovered } from './steps.ts';

const GONE_MS = 10_000;
const KILLS = 20;
const KILL_AGAIN_MS = 20;

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
  deaths: { least: 1, most: 3, causes: ['pod-lost', 'killed', 'crash', 'shutdown'] },
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

/** A budget that is spent: the level above decides, and in the end the pool gives up for a while. */
export const killsInARow: Fault = {
  name: 'kills-in-a-row',
  summary: '20 SIGKILLs faster than workers can be started: the budget escalates instead of thrashing',
  needs: [],
  settings: { supervision: { intensity: 2, openMs: 2_000, trialMs: 1_000 } },
  deaths: { least: 1, most: 60, causes: ['killed', 'pod-lost', 'crash', 'shutdown'] },
  deadLetters: 0,
  boundMs: 120_000,
  async strike(target) {
    const killed = new Set<number>();
    let open = false;
    while (killed.size < KILLS && !open) {
      const victim = await anyWorkerProcess(target, killed);
      if (victim !== undefined && signalProcess(victim, 'SIGKILL')) {
        killed.add(victim);
        target.harmed(`up to ${KILLS} SIGKILLs of worker processes, as soon as there is one`);
      }
      await target.clock.sleep(KILL_AGAIN_MS, target.signal);
      open = killed.size > 0 && (await hasGivenUp(target));
    }
    target.tell('kills', killed.size);
    target.tell('circuitsOpened', open ? 1 : 0);
  },
};

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
