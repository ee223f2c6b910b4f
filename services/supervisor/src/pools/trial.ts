import { LONGEST_OPEN_MS } from '@millrace/core';
import { change, news, type PoolTurn } from './pool-turn.ts';
import type { PoolNode, TreeSettings } from './tree.ts';

/*
 * What becomes of a pool that gave up, whoever makes its pods: it is shut for a while, longer each time (`escalated`),
 * then tried (`trial`), and whole again when the trial has lived long enough. A clock that was set back lengthens no wait
 * beyond its longest. What a trial consists of is its caller's to know.
 */

type Waits = Pick<TreeSettings, 'openMs'>;

const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;

/** The sentence on a budget that is spent. */
export function diedTooOften({ name, engine: { spec } }: PoolNode): string {
  return `Pods of pool "${name}" died more than ${spec.intensity} times in ${seconds(spec.periodMs)}.`;
}

/** How long a pool that gave up so often stays shut, ms. */
function openDelayMs({ openMs }: Waits, tries: number): number {
  return Math.min(LONGEST_OPEN_MS, openMs * 2 ** Math.min(tries, 30));
}

/** A trial that fails doubles the wait, and so does a heal that did not last as long as the wait before it. */
function triesOf({ node: { trouble, healed, engine }, nowMs }: PoolTurn, waits: Waits): number {
  if (trouble !== null) return trouble.tries + 1;
  if (healed === null) return 0;
  const lastedMs = nowMs - healed.atMs;
  return lastedMs <= Math.max(engine.spec.periodMs, openDelayMs(waits, healed.tries)) ? healed.tries + 1 : 0;
}

/** Its budget is spent, or its trial failed: that is the `fault`, and `whoIs` tried again later ("One pod is"). */
export function shut(pool: PoolTurn, waits: Waits, fault: string, whoIs: string): void {
  const tries = triesOf(pool, waits);
  const delayMs = openDelayMs(waits, tries);
  const reason = `${fault} ${whoIs} tried again after ${seconds(delayMs)}.`;
  const sinceMs = pool.node.trouble?.sinceMs ?? pool.nowMs;
  change(pool, {
    trouble: { reason, sinceMs, retryAtMs: pool.nowMs + delayMs, tries },
    provenAtMs: null,
  });
  news(pool, 'gave-up', reason);
}

/** Whether the wait of a pool that gave up is over. */
export function isTrialDue(pool: PoolTurn, waits: Waits): boolean {
  const { engine, trouble } = pool.node;
  if (engine.mode !== 'escalated' || trouble === null || trouble.retryAtMs === null) return false;
  const dueMs = Math.min(trouble.retryAtMs, pool.nowMs + openDelayMs(waits, trouble.tries));
  if (dueMs !== trouble.retryAtMs) change(pool, { trouble: { ...trouble, retryAtMs: dueMs } });
  return dueMs <= pool.nowMs;
}

/** The trial is on: `begin` brings it about, `text` tells of it. */
export function tryOut(pool: PoolTurn, begin: () => void, text: string): void {
  const { trouble } = pool.node;
  if (trouble !== null) change(pool, { trouble: { ...trouble, retryAtMs: null } });
  begin();
  news(pool, 'trial', text);
}

/** Whether what is tried has lived long enough. */
export function isProven(pool: PoolTurn): boolean {
  const { engine, provenAtMs } = pool.node;
  if (engine.mode !== 'trial' || provenAtMs === null) return false;
  const dueMs = Math.min(provenAtMs, pool.nowMs + pool.trialMs);
  if (dueMs !== provenAtMs) change(pool, { provenAtMs: dueMs });
  return dueMs <= pool.nowMs;
}

/** Its trial was good, or an operator resumed it. Nothing to one that was never in trouble. */
export function heal(pool: PoolTurn): void {
  const { trouble, name } = pool.node;
  if (trouble === null) return;
  change(pool, { trouble: null, provenAtMs: null, healed: { atMs: pool.nowMs, tries: trouble.tries } });
  news(pool, 'healed', `Pool "${name}" is whole again.`);
}
