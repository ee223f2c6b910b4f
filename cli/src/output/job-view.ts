import type { JobAnswer } from '../answers.ts';
import type { Paint } from './colour.ts';
import { renderFacts } from './queue-view.ts';
import { type Column, renderTable } from './table.ts';
import { printable, truncate } from './text-width.ts';
import { age, duration } from './units.ts';

interface Layout {
  readonly width: number;
  readonly paint: Paint;
}

/** Data of a job on one line, before the table cuts it. */
const DATA_SHOWN = 200;

function compactJson(value: unknown): string {
  return value === undefined ? '' : (JSON.stringify(value) ?? '').slice(0, DATA_SHOWN);
}

function columns(nowMs: number): readonly Column<JobAnswer>[] {
  return [
    { title: 'ID', value: (job) => job.id, shrinkTo: 8 },
    { title: 'NAME', value: (job) => job.name, shrinkTo: 8 },
    { title: 'STATE', value: (job) => job.state },
    { title: 'TRIES', value: (job) => String(job.attemptsMade), align: 'right' },
    { title: 'AGE', value: (job) => age(job.createdAtMs, nowMs), align: 'right' },
    { title: 'TOOK', value: tookOf, align: 'right', optional: 1 },
    { title: 'DATA', value: (job) => job.error ?? compactJson(job.data), shrinkTo: 10 },
  ];
}

function tookOf(job: JobAnswer): string {
  const { startedAtMs, finishedAtMs } = job;
  return startedAtMs === null || finishedAtMs === null ? '-' : duration(finishedAtMs - startedAtMs);
}

/** A page of jobs; a failed one shows its error in place of its data. */
export function renderJobs(jobs: readonly JobAnswer[], nowMs: number, layout: Layout): string {
  return renderTable(columns(nowMs), jobs, layout);
}

function stateText(job: JobAnswer, paint: Paint): string {
  if (job.state === 'failed') return paint.red(job.state);
  return job.state === 'completed' ? paint.green(job.state) : paint.yellow(job.state);
}

function indentJson(value: unknown): string {
  return (JSON.stringify(value, null, 2) ?? 'none').split('\n').map(printable).join('\n');
}

function renderAttempts(job: JobAnswer, layout: Layout): string {
  const { paint } = layout;
  type Attempt = JobAnswer['attempts'][number];
  const took = ({ startedAtMs, endedAtMs }: Attempt) =>
    startedAtMs === null || endedAtMs === null ? '-' : duration(endedAtMs - startedAtMs);
  const columnsOfAttempts: readonly Column<Attempt>[] = [
    { title: '#', value: (attempt) => String(attempt.start), align: 'right' },
    { title: 'WORKER', value: (attempt) => attempt.worker ?? '-', shrinkTo: 12 },
    {
      title: 'STARTED',
      value: (attempt) =>
        attempt.startedAtMs === null ? '-' : `+${duration(attempt.startedAtMs - job.createdAtMs)}`,
      align: 'right',
    },
    { title: 'TOOK', value: took, align: 'right' },
    {
      title: 'OUTCOME',
      value: (attempt) => attempt.outcome,
      colour: (cell, attempt) => (attempt.outcome === 'completed' ? paint.green(cell) : paint.yellow(cell)),
    },
    { title: 'WHY', value: (attempt) => attempt.cause ?? attempt.error ?? '', shrinkTo: 8 },
  ];
  return renderTable(columnsOfAttempts, job.attempts, layout);
}

/** One job with its options, data, outcome and every attempt. */
export function renderJob(job: JobAnswer, nowMs: number, layout: Layout): string {
  const { paint } = layout;
  const options = Object.keys(job.opts).length > 0 ? compactJson(job.opts) : 'none';
  const facts: (readonly [string, string])[] = [
    ['job', paint.bold(printable(`${job.queue}/${job.id}`))],
    ['name', printable(job.name)],
    ['state', stateText(job, paint)],
    ['created', `${age(job.createdAtMs, nowMs)} ago`],
    ['started', job.startedAtMs === null ? '-' : `${age(job.startedAtMs, nowMs)} ago`],
    ['took', tookOf(job)],
    ['attempts', `${job.attemptsMade} made, ${job.attemptsStarted} started`],
    ['options', truncate(printable(options), layout.width - 10)],
  ];
  const trace = job.links?.trace ?? job.traceId;
  // Whole, however wide: it is there to be opened, or copied.
  if (trace !== undefined) facts.push(['trace', printable(trace)]);
  if (job.error !== null) facts.push(['error', paint.red(printable(job.error))]);
  const blocks = [renderFacts(facts, paint), `${paint.dim('data')}\n${indentJson(job.data)}`];
  if (job.result !== null && job.result !== undefined) {
    blocks.push(`${paint.dim('result')}\n${indentJson(job.result)}`);
  }
  if (job.attempts.length > 0) blocks.push(renderAttempts(job, layout));
  return blocks.join('\n\n');
}
