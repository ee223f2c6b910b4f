import type { RecoveryAnswer, WorkerAnswer } from '../answers.ts';
import type { Paint } from './colour.ts';
import { type Column, renderTable } from './table.ts';
import { shortStart, stateColour } from './tree.ts';
import { age, bytes, count, duration } from './units.ts';

interface Layout {
  readonly width: number;
  readonly paint: Paint;
}

function workerColumns(nowMs: number, paint: Paint): readonly Column<WorkerAnswer>[] {
  return [
    { title: 'WORKER', value: (worker) => shortStart(worker.id) },
    { title: 'POD', value: (worker) => worker.pod, shrinkTo: 10 },
    { title: 'SLOT', value: (worker) => String(worker.slot ?? '-'), align: 'right' },
    { title: 'PID', value: (worker) => String(worker.pid), align: 'right' },
    {
      title: 'STATE',
      value: (worker) => worker.state,
      colour: (cell, worker) => stateColour(paint, worker.state)(cell),
    },
    { title: 'BUSY', value: (worker) => `${worker.busy}/${worker.concurrency}`, align: 'right' },
    { title: 'LOOP', value: (worker) => duration(worker.loopDelayMs), align: 'right', optional: 2 },
    { title: 'RSS', value: (worker) => bytes(worker.rssBytes), align: 'right', optional: 1 },
    { title: 'UP', value: (worker) => age(worker.startedAtMs, nowMs), align: 'right' },
    { title: 'QUEUES', value: (worker) => worker.queues.join(','), shrinkTo: 8, optional: 3 },
  ];
}

/** Every start of a worker process that a supervisor knows, one a line. */
export function renderWorkers(workers: readonly WorkerAnswer[], nowMs: number, layout: Layout): string {
  if (workers.length === 0) return 'No workers.';
  const sorted = [...workers].sort(
    (a, b) => a.pod.localeCompare(b.pod) || (a.slot ?? 1e9) - (b.slot ?? 1e9) || a.id.localeCompare(b.id),
  );
  return renderTable(workerColumns(nowMs, layout.paint), sorted, layout);
}

/** How many jobs a death left behind. */
export function orphanCount(recovery: RecoveryAnswer): number {
  return Object.values(recovery.orphans).reduce((sum, ids) => sum + ids.length, 0);
}

function recoveryColumns(nowMs: number, paint: Paint): readonly Column<RecoveryAnswer>[] {
  const phase = (title: string, value: (recovery: RecoveryAnswer) => number | null, optional = 0) =>
    ({
      title,
      value: (recovery: RecoveryAnswer) => duration(value(recovery)),
      align: 'right',
      optional,
    }) as const;
  return [
    { title: 'DIED', value: (recovery) => `${age(recovery.diedAtMs, nowMs)} ago`, align: 'right' },
    { title: 'WORKER', value: (recovery) => shortStart(recovery.certificate.worker) },
    { title: 'POD', value: (recovery) => recovery.certificate.pod, shrinkTo: 8, optional: 5 },
    { title: 'CAUSE', value: (recovery) => recovery.certificate.cause },
    phase('DETECT', (recovery) => recovery.detectMs),
    phase('FENCE', (recovery) => recovery.fenceMs, 3),
    phase('RECLAIM', (recovery) => recovery.reclaimMs),
    phase('RESPAWN', (recovery) => recovery.respawnMs, 2),
    { title: 'JOBS', value: (recovery) => count(orphanCount(recovery)), align: 'right' },
    phase('FIRST', (recovery) => recovery.firstOrphanMs, 4),
    phase('LAST', (recovery) => recovery.lastOrphanMs),
    {
      title: 'STATE',
      value: (recovery) => recovery.state,
      optional: 1,
      colour: (cell, recovery) => (recovery.state === 'done' ? cell : paint.yellow(cell)),
    },
  ];
}

/** Recoveries, newest first; phases are ms since the death. */
export function renderRecoveries(
  recoveries: readonly RecoveryAnswer[],
  nowMs: number,
  layout: Layout,
): string {
  if (recoveries.length === 0) return 'No worker has died.';
  return renderTable(recoveryColumns(nowMs, layout.paint), recoveries, layout);
}
