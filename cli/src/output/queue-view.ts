import type { QueueAnswer } from '../answers.ts';
import type { Paint } from './colour.ts';
import { trialText } from './pool-view.ts';
import { type Column, renderTable } from './table.ts';
import { printable } from './text-width.ts';
import { bytes, count, duration, rate } from './units.ts';

interface Layout {
  readonly width: number;
  readonly paint: Paint;
}

/** Jobs in one state; 0 where the server names none. */
export function inState(queue: QueueAnswer, state: string): number {
  return queue.counts[state] ?? 0;
}

/** What a person must know of a queue before its figures. */
export function queueCondition(queue: QueueAnswer): 'circuit open' | 'paused' | 'full' | '' {
  // It is paused as well then, but that is not what a person must know.
  if (queue.circuit !== null) return 'circuit open';
  if (queue.paused) return 'paused';
  return queue.depth >= queue.bound || queue.bytes >= queue.maxBytes ? 'full' : '';
}

function columns(paint: Paint): readonly Column<QueueAnswer>[] {
  const figure = (title: string, value: (queue: QueueAnswer) => string, optional = 0) =>
    ({ title, value, align: 'right', optional }) as const;
  return [
    { title: 'QUEUE', value: (queue) => queue.name, shrinkTo: 12, colour: paint.bold },
    figure('DEPTH', (queue) => count(queue.depth)),
    figure('BOUND', (queue) => count(queue.bound)),
    figure('ACTIVE', (queue) => count(inState(queue, 'active'))),
    figure('DELAYED', (queue) => count(inState(queue, 'delayed')), 2),
    figure('FAILED', (queue) => count(inState(queue, 'failed'))),
    figure('OLDEST', (queue) => duration(queue.oldestWaitingMs)),
    figure('DRAIN', (queue) => rate(queue.drainPerSecond), 1),
    {
      title: 'STATE',
      value: queueCondition,
      colour: (cell, queue) => (queue.circuit === null ? paint.yellow : paint.red)(cell),
    },
  ];
}

/** All queues, one a line. */
export function renderQueues(queues: readonly QueueAnswer[], layout: Layout): string {
  if (queues.length === 0) return 'No queues yet: the first job makes one ("millrace enqueue").';
  return renderTable(columns(layout.paint), queues, layout);
}

/** `label  value` lines, the labels in one column. */
export function renderFacts(facts: readonly (readonly [string, string])[], paint: Paint): string {
  const width = Math.max(...facts.map(([label]) => label.length));
  return facts.map(([label, value]) => `${paint.dim(label.padEnd(width))}  ${value}`).join('\n');
}

/** Which pool is down, why, and when it is tried again. */
function circuitFacts(queue: QueueAnswer, nowMs: number, paint: Paint): (readonly [string, string])[] {
  const { circuit } = queue;
  if (circuit === null) return [];
  const text = `pool ${circuit.pool}: ${circuit.reason} ${trialText(circuit, nowMs)}`;
  return [['circuit', paint.red(printable(text))]];
}

/** One queue with all its figures. */
export function renderQueue(queue: QueueAnswer, nowMs: number, paint: Paint): string {
  const counts = Object.entries(queue.counts).filter(([, jobs]) => jobs > 0);
  const condition = queueCondition(queue);
  return renderFacts(
    [
      ['queue', `${paint.bold(queue.name)}${condition === '' ? '' : `  ${paint.yellow(condition)}`}`],
      ...circuitFacts(queue, nowMs, paint),
      ['depth', `${count(queue.depth)} of ${count(queue.bound)} (highest ${count(queue.maxDepth)})`],
      ['bytes', `${bytes(queue.bytes)} of ${bytes(queue.maxBytes)}`],
      ['jobs', counts.map(([state, jobs]) => `${count(jobs)} ${state}`).join(', ') || 'none'],
      ['oldest', duration(queue.oldestWaitingMs)],
      ['drain', rate(queue.drainPerSecond)],
      ['concurrency', queue.concurrency === null ? 'unlimited' : count(queue.concurrency)],
      ['refused', count(queue.refused)],
    ],
    paint,
  );
}
