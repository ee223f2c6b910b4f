import type { CircuitAnswer, PoolAnswer } from '../answers.ts';
import type { Paint } from './colour.ts';
import { type Column, renderTable } from './table.ts';
import { printable } from './text-width.ts';
import { age, duration } from './units.ts';

interface Layout {
  readonly width: number;
  readonly paint: Paint;
}

/** `1 of 5 in 30.0 s`: how much of a restart budget is used. */
export function budgetText({ used, intensity, periodMs }: PoolAnswer['restarts']): string {
  return `${used} of ${intensity} in ${duration(periodMs)}`;
}

/** Green is whole, red has given up, yellow is on its way. */
export function poolColour(paint: Paint, state: string): (text: string) => string {
  if (state === 'running') return paint.green;
  if (state === 'stopped') return paint.dim;
  return state === 'open' ? paint.red : paint.yellow;
}

/** When an open circuit is tried again, as a sentence. */
export function trialText({ retryAtMs }: CircuitAnswer, nowMs: number): string {
  if (retryAtMs === null) return 'No trial is due.';
  const waitMs = retryAtMs - nowMs;
  return waitMs > 0 ? `One pod is tried in ${duration(waitMs)}.` : 'One pod is about to be tried.';
}

function columns(nowMs: number, paint: Paint): readonly Column<PoolAnswer>[] {
  const trial = ({ circuit }: PoolAnswer) =>
    circuit === null || circuit.retryAtMs === null ? '-' : duration(Math.max(0, circuit.retryAtMs - nowMs));
  return [
    { title: 'POOL', value: (pool) => pool.name, shrinkTo: 12, colour: paint.bold },
    {
      title: 'STATE',
      value: (pool) => pool.state,
      colour: (cell, pool) => poolColour(paint, pool.state)(cell),
    },
    { title: 'PODS', value: (pool) => `${pool.pods}/${pool.desired}`, align: 'right' },
    { title: 'RESTARTS', value: (pool) => budgetText(pool.restarts), align: 'right' },
    { title: 'STRATEGY', value: (pool) => pool.strategy, optional: 1 },
    { title: 'TRIED IN', value: trial, align: 'right' },
    { title: 'QUEUES', value: (pool) => pool.queues.join(',') || 'all', shrinkTo: 8 },
  ];
}

function circuitBlock(pool: PoolAnswer, nowMs: number, { paint }: Layout): string[] {
  const { circuit } = pool;
  if (circuit === null) return [];
  const name = printable(pool.name);
  const lines = [
    paint.red(`${name}: circuit open for ${age(circuit.sinceMs, nowMs)}`),
    `  ${printable(circuit.reason)}`,
    // One that waits for another starts when that one is whole.
    ...(pool.state === 'waiting'
      ? []
      : [`  ${trialText(circuit, nowMs)} At once: millrace pools resume ${name}`]),
  ];
  return [lines.join('\n')];
}

/** All pools, one a line, and below them why some take no jobs. */
export function renderPools(pools: readonly PoolAnswer[], nowMs: number, layout: Layout): string {
  if (pools.length === 0) return 'No pools are known: no supervisor speaks.';
  const table = renderTable(columns(nowMs, layout.paint), pools, layout);
  return [table, ...pools.flatMap((pool) => circuitBlock(pool, nowMs, layout))].join('\n\n');
}
