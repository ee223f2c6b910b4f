import { readFile } from 'node:fs/promises';
import type { Recovery, WorkerStatus } from '@millrace/core';
import { parseProcStat, signalProcess } from '../launch/process-identity.ts';
import { ChaosFailure, type ChaosTarget } from './fault.ts';

const LOOK_MS = 20;
/** An idle platform is struck all the same. */
const IDLE_MS = 5_000;

/** Looks until `look` finds something. Throws {@link ChaosFailure} after `withinMs`. */
export async function until<T>(
  target: Pick<ChaosTarget, 'clock' | 'signal'>,
  what: string,
  withinMs: number,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
): Promise<T> {
  const endMs = target.clock.monotonicMs() + withinMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (target.clock.monotonicMs() > endMs) throw new ChaosFailure(`${what}: not within ${withinMs} ms`);
    await target.clock.sleep(LOOK_MS, target.signal);
  }
}

/** The worker with the most running jobs; where nobody has any for a while, one that runs. */
export async function busiestWorker(target: ChaosTarget): Promise<WorkerStatus> {
  const idleMs = target.clock.monotonicMs() + IDLE_MS;
  return until(target, 'a worker runs', 30_000, async () => {
    const running = (await target.workers()).filter(({ state }) => state === 'running');
    const [first] = running.toSorted((a, b) => b.busy - a.busy);
    const isGood = first && (first.busy > 0 || target.clock.monotonicMs() > idleMs);
    return isGood && signalProcess(first.pid, 0) ? first : null;
  });
}

/** The end of a death's recovery. */
export function untilRecovered(target: ChaosTarget, worker: string, withinMs = 60_000): Promise<Recovery> {
  return until(target, `${worker} is recovered`, withinMs, async () =>
    (await target.recoveries()).find(({ id, state }) => id === worker && state === 'done'),
  );
}

/** True when no such process runs any more; one that only waits to be buried does not run. */
export async function isGone(pid: number): Promise<boolean> {
  if (!signalProcess(pid, 0)) return true;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat !== null && parseProcStat(stat)?.state === 'Z';
}

/** Offers jobs of the handler `name` until they are accepted; their ids. */
export async function offer(target: ChaosTarget, name: string, data: readonly object[]): Promise<string[]> {
  const batch = target.batch(name, data);
  const ids = await offerBatch(target, batch);
  batch.accepted();
  return ids;
}

/** Offers a batch under its key until it is accepted; the ids that the API answers with. */
export async function offerBatch(
  target: Pick<ChaosTarget, 'api' | 'clock' | 'signal'>,
  { key, body }: { readonly key: string; readonly body: object },
): Promise<string[]> {
  for (;;) {
    const answer = await target.api.ask({ method: 'POST', path: '/v1/queues/chaos/jobs', body, key });
    if (answer.status === 202) return (answer.body as { ids: string[] }).ids;
    if (answer.status !== 429) {
      throw new ChaosFailure(`jobs were refused: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    await target.clock.sleep(LOOK_MS, target.signal);
  }
}

/** Sends a signal. Throws when the process has gone meanwhile: the fault would not have been made. */
export function strikeProcess(pid: number, signal: NodeJS.Signals): void {
  if (!signalProcess(pid, signal)) throw new ChaosFailure(`process ${pid} has just gone by itself`);
}

/** The one process of a service, or the first of several. */
export async function oneOf(target: ChaosTarget, service: 'store' | 'producer' | 'supervisor') {
  const [first] = await target.processes(service);
  if (!first) throw new ChaosFailure(`no ${service} of ours runs`);
  return first;
}
