import type { Log } from '@millrace/core';
import type { ClusterNote, PodControllers } from '../cluster/pod-controllers.ts';
import type { PoolAction } from './pool-turn.ts';

type News = Extract<PoolAction, { type: 'news' }>;
type What = News['what'];

/** What each piece of news is called where people look at the cluster's objects. */
const WORDS: Readonly<Record<What, Pick<ClusterNote, 'kind' | 'reason' | 'action'>>> = {
  restarted: { kind: 'Warning', reason: 'PodDied', action: 'Restart' },
  'gave-up': { kind: 'Warning', reason: 'PoolGaveUp', action: 'OpenCircuit' },
  trial: { kind: 'Normal', reason: 'PoolTried', action: 'HalfOpenCircuit' },
  healed: { kind: 'Normal', reason: 'PoolHealed', action: 'CloseCircuit' },
  halted: { kind: 'Warning', reason: 'PoolHalted', action: 'OpenCircuit' },
  started: { kind: 'Normal', reason: 'PoolStarted', action: 'CloseCircuit' },
};

export interface Audience {
  readonly log: Log;
  readonly controllers: PodControllers | null;
  readonly onRestart: () => void;
}

/** Tells a pool's news to whoever reads logs, metrics or the cluster's Events. */
export function tellPeople({ pool, what, text }: News, { log, controllers, onRestart }: Audience): void {
  if (what === 'restarted') onRestart();
  if (what === 'gave-up') log.error({ pool }, `${text} To do it now: millrace pools resume ${pool}`);
  else log.info({ pool, what }, text);
  controllers?.tell({ ...WORDS[what], text, about: { pool } });
}

/** A pod that is linked, silent, and ended for it. */
export function hungNote(pod: string): ClusterNote {
  const text = 'Its pod supervisor says nothing any more: the pod is ended, and another takes its place.';
  return { kind: 'Warning', reason: 'PodHung', action: 'Replace', text, about: { pod } };
}
