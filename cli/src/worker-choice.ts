import { MillraceError, suggest } from '@millrace/core';
import type { WorkerAnswer } from './answers.ts';
import { usage } from './arguments.ts';

/** What an order is aimed at: one start of a worker process, or a whole pod. */
export interface Target {
  readonly id: string;
  readonly kind: 'worker' | 'pod';
  /** The worker processes that the order reaches. */
  readonly workers: readonly WorkerAnswer[];
}

/** Where in an id a shorthand may match: its beginning, or the beginning of its own part after the pod's name. */
function matches(worker: WorkerAnswer, shorthand: string): boolean {
  return worker.id.startsWith(shorthand) || worker.id.slice(worker.pod.length + 1).startsWith(shorthand);
}

/**
 * Finds what a person means: the id of a worker or a pod, or enough of a worker's id to tell it apart.
 * Throws `not_found`, with the nearest id, or `usage` when several match.
 */
export function chooseTarget(workers: readonly WorkerAnswer[], wanted: string): Target {
  const exact = workers.find((worker) => worker.id === wanted);
  if (exact) return { id: exact.id, kind: 'worker', workers: [exact] };
  const ofPod = workers.filter((worker) => worker.pod === wanted);
  if (ofPod.length > 0) return { id: wanted, kind: 'pod', workers: ofPod };
  const found = workers.filter((worker) => matches(worker, wanted));
  const [only] = found;
  if (only && found.length === 1) return { id: only.id, kind: 'worker', workers: [only] };
  if (only) {
    throw usage(
      `"${wanted}" may be any of ${found.length} workers: ${found.map((worker) => worker.id).join(', ')}`,
    );
  }
  const near = suggest(wanted, [
    ...workers.map((worker) => worker.id),
    ...workers.map((worker) => worker.pod),
  ]);
  const advice = near === undefined ? 'See "millrace workers".' : `Did you mean "${near}"?`;
  throw new MillraceError('not_found', `There is no worker or pod "${wanted}". ${advice}`);
}
