import { signalProcess } from '../launch/process-identity.ts';
import { type Batch, ChaosFailure, type ChaosTarget, type Fault, NO_DEATH } from './fault.ts';
import { busiestWorker, isGone, offerBatch, oneOf, strikeProcess, until, untilRecovered } from './steps.ts';
import type { Direction, Wire } from './wire.ts';

const COMMITTED_MS = 20_000;
/** A death's jobs are asked for, and taken, within milliseconds; a busy machine takes longer. */
const RECLAIM_MS = 20_000;

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

/**
 * Where a supervisor's call that gives a dead worker's jobs back is held when the supervisor is killed: on its way to
 * the store, which then knows nothing of it, or as the answer, when all is done and nobody knows.
 */
const RECLAIM_HELD: readonly { readonly direction: Direction; readonly isDone: boolean }[] = [
  { direction: 'up', isDone: false },
  { direction: 'down', isDone: true },
];

/** From the moment at which the death's reclaim is called for, nothing passes on the supervisors' way to the store. */
function holdReclaim(target: ChaosTarget, wire: Wire, victim: string, direction: Direction) {
  const active = target.key('active');
  let release: (() => void) | undefined;
  const deafen = wire.listen((said) => {
    // Of the calls that name the dead start only the reclaim walks through the running jobs.
    if (release === undefined && said.includes(victim) && said.includes(active)) {
      release = wire.hold(() => true, direction);
    }
  });
  return {
    isHeld: () => release !== undefined,
    end() {
      deafen();
      // What the dead have said and the store has not heard, it is never to hear.
      if (direction === 'up') wire.reset(() => true);
      release?.();
    },
  };
}

/** True once the store refuses that start: it was sent its fence just before its reclaim. */
async function isFenced(target: ChaosTarget, worker: string): Promise<boolean> {
  const [since] = await target.store(['ZSCORE', target.key('millrace:fenced'), worker]);
  return since !== null;
}

/** Kills every supervisor while one of them reclaims, and holds it to that. */
async function killWhileReclaiming(
  target: ChaosTarget,
  wire: Wire,
  { direction, isDone }: (typeof RECLAIM_HELD)[number],
): Promise<void> {
  const victim = await busiestWorker(target);
  const supervisors = await target.processes('supervisor');
  const reclaim = holdReclaim(target, wire, victim.id, direction);
  try {
    strikeProcess(victim.pid, 'SIGKILL');
    target.harmed(
      'SIGKILL of a worker, and of the supervisors while their reclaim of its jobs is held, twice',
    );
    await until(target, `a supervisor reclaims the jobs of ${victim.id}`, RECLAIM_MS, reclaim.isHeld);
    if (isDone) {
      await until(target, 'the store has the call', RECLAIM_MS, () => isFenced(target, victim.id));
    }
    for (const { pid } of supervisors) strikeProcess(pid, 'SIGKILL');
    for (const { pid } of supervisors) await until(target, 'they are gone', RECLAIM_MS, () => isGone(pid));
  } finally {
    reclaim.end();
  }
  await untilRecovered(target, victim.id);
}

/** Without a wire no call can be held: both die in one moment, so that what died with the worker is all still to do. */
async function killTogether(target: ChaosTarget): Promise<void> {
  const victim = await busiestWorker(target);
  const supervisors = await target.processes('supervisor');
  for (const { pid } of [victim, ...supervisors]) strikeProcess(pid, 'SIGKILL');
  target.harmed('SIGKILL of a worker and of the supervisors in one moment, twice');
  for (const { pid } of supervisors) await until(target, 'they are gone', RECLAIM_MS, () => isGone(pid));
  const isOver = (await target.recoveries()).some(({ id, state }) => id === victim.id && state === 'done');
  if (isOver) throw new ChaosFailure(`${victim.id} was recovered before the supervisors died`);
  await untilRecovered(target, victim.id);
}

/** Whoever comes next finishes what its predecessor began, wherever that was. */
export const supervisorKill: Fault = {
  name: 'supervisor-kill',
  summary:
    'SIGKILL of the supervisor while it reclaims, its call held there and back; without proxies: just before',
  needs: [],
  settings: { supervision: { intensity: 100 } },
  deaths: { least: 2, most: 2, causes: ['killed', 'crash'] },
  deadLetters: 0,
  boundMs: 60_000,
  async strike(target) {
    const { wires } = target;
    for (const held of RECLAIM_HELD) {
      if (wires === null) await killTogether(target);
      else await killWhileReclaiming(target, wires.supervisorStore, held);
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
