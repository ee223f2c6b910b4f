import { signalProcess } from '../launch/process-identity.ts';
import { type Batch, ChaosFailure, type ChaosTarget, type Fault, NO_DEATH } from './fault.ts';
import { busiestWorker, offerBatch, oneOf, strikeProcess, until, untilRecovered } from './steps.ts';

const COMMITTED_MS = 20_000;
/** Moments of a recovery at which the supervisor is killed, ms after the worker's death. */
const RECLAIM_MOMENTS_MS = [3, 10, 25] as const;

/** Offers without hearing the answer, whatever it is. */
function offerUnheard({ api }: ChaosTarget, { key, body }: Batch, signal: AbortSignal): void {
  void api.ask({ method: 'POST', path: '/v1/queues/chaos/jobs', body, key }, signal).catch(() => undefined);
}

/** True once the store holds the key's job: the add is committed, whatever the client knows. */
async function isCommitted(target: ChaosTarget, key: string): Promise<boolean> {
  const [held] = await target.store(['HEXISTS', target.key('millrace:idempotency'), key]);
  return held === 1;
}

/**
 * The add is committed and its answer cannot come any more; the client asks again under its key. Where there are
 * wires the store's reply is held back, so that not even the producer knows of the commit.
 */
export const producerKill: Fault = {
  name: 'producer-kill',
  summary:
    'SIGKILL of the producer between a commit and its answer: the retry under the same key adds nothing',
  needs: ['handlers'],
  deaths: NO_DEATH,
  deadLetters: 0,
  boundMs: 60_000,
  async strike(target) {
    const { pid } = await oneOf(target, 'producer');
    const batch = target.batch(
      'poison',
      Array.from({ length: 10 }, () => ({ times: 0 })),
    );
    const unheard = new AbortController();
    const release = target.wires?.producerStore.hold(() => true, 'down');
    try {
      offerUnheard(target, batch, unheard.signal);
      await until(target, 'the add is committed', COMMITTED_MS, () => isCommitted(target, batch.key));
      strikeProcess(pid, 'SIGKILL');
      target.harmed(`SIGKILL of the producer (process ${pid}) after a commit that it had not answered`);
    } finally {
      unheard.abort(new Error('the producer is killed'));
      release?.();
    }
    const ids = await offerBatch(target, batch);
    batch.accepted();
    if (new Set(ids).size !== 10) throw new ChaosFailure(`10 jobs were added as ${ids.length}`);
  },
};

/** Each time another moment of a recovery; whoever comes next finishes it. */
export const supervisorKill: Fault = {
  name: 'supervisor-kill',
  summary: 'SIGKILL of the supervisor while it reclaims a killed worker’s jobs, at three moments',
  needs: [],
  settings: { supervision: { intensity: 100 } },
  deaths: { least: 3, most: 3, causes: ['killed', 'crash'] },
  deadLetters: 0,
  boundMs: 60_000,
  async strike(target) {
    for (const momentMs of RECLAIM_MOMENTS_MS) {
      const victim = await busiestWorker(target);
      const supervisors = await target.processes('supervisor');
      strikeProcess(victim.pid, 'SIGKILL');
      target.harmed('SIGKILL of a worker, and of the supervisors while they reclaim, three times');
      await target.clock.sleep(momentMs, target.signal);
      for (const { pid } of supervisors) signalProcess(pid, 'SIGKILL');
      await untilRecovered(target, victim.id);
    }
  },
};

/** Nobody certifies, nobody reclaims: the lock runs out, and BullMQ's own check finds the job. */
export const supervisorsAway: Fault = {
  name: 'supervisors-away',
  summary: 'every supervisor is stopped while a worker dies: the stock stalled check is the net',
  needs: [],
  settings: { worker: { lockMs: 4_000 }, supervision: { replicas: 2 } },
  deaths: { least: 1, most: 1, causes: ['killed', 'crash'] },
  deadLetters: 0,
  boundMs: 120_000,
  async strike(target) {
    const victim = await busiestWorker(target);
    const supervisors = await target.processes('supervisor');
    for (const { pid } of supervisors) strikeProcess(pid, 'SIGSTOP');
    try {
      strikeProcess(victim.pid, 'SIGKILL');
      target.harmed(`SIGKILL of worker ${victim.id} while ${supervisors.length} supervisors are stopped`);
      await until(target, 'the stalled check has found the jobs', 100_000, () =>
        hasNoOrphan(target, victim.id),
      );
    } finally {
      for (const { pid } of supervisors) signalProcess(pid, 'SIGCONT');
    }
    await untilRecovered(target, victim.id);
  },
};

/** True once every running job is held by somebody who lives: those of the dead have run out of their locks. */
async function hasNoOrphan(target: ChaosTarget, worker: string): Promise<boolean> {
  const [active] = await target.store(['LRANGE', target.key('active'), '0', '-1']);
  const ids = Array.isArray(active) ? active.map(String) : [];
  if (ids.length === 0) return true;
  const tokens = await target.store(...ids.map((id) => ['GET', target.key(`${id}:lock`)]));
  return tokens.every((token) => typeof token === 'string' && !token.startsWith(worker));
}
