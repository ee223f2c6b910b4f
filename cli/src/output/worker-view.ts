import type { WorkerAnswer } from '../answers.ts';
import type { Paint } from './colour.ts';
import { type Column, renderTable } from './table.ts';
import { shortStart, stateColour } from './tree.ts';
import { age, bytes, duration } from './units.ts';

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
