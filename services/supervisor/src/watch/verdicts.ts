import {
  type Clock,
  type Config,
  type DeathCertificate,
  type Evidence,
  type Log,
  messageOf,
} from '@millrace/core';
import type { Store } from '@millrace/queue';
import { type DeathWatch, type LinkServer, type StartAction, withHistory } from '@millrace/supervision';
import type { Metrics } from '../health/metrics.ts';
import { nowMs } from '../now.ts';
import type { Roster } from '../roster.ts';

export interface VerdictsDependencies {
  readonly supervision: Pick<Config['supervision'], 'killFenced'>;
  readonly store: Pick<Store, 'supervision' | 'connected'>;
  readonly watch: DeathWatch;
  readonly links: () => LinkServer;
  readonly roster: Roster;
  /** Every queue that start may hold jobs of. */
  readonly queuesOf: (id: string) => Promise<readonly string[]>;
  readonly onDeath: (certificate: DeathCertificate) => void;
  readonly onChange: () => void;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
}

/** Evidence of whoever reaped it. */
const REAPED: ReadonlySet<Evidence['kind']> = new Set(['process-exit', 'pod-exit', 'pod-terminated']);

/** Carries out what the death watch says is to be done. */
export type Perform = (actions: readonly StartAction[]) => void;

/** See {@link Perform}. */
export function createVerdicts(dependencies: VerdictsDependencies): Perform {
  const { store, watch, links, roster, metrics, clock, log } = dependencies;

  function perform(actions: readonly StartAction[]): void {
    for (const action of actions) performOne(action);
    if (actions.length > 0) dependencies.onChange();
  }

  function performOne(action: StartAction): void {
    switch (action.type) {
      case 'suspect':
        metrics.suspicion();
        log.info({ worker: action.id }, 'A worker is suspected: fed no more until it shows itself');
        return;
      case 'unsuspect':
        log.info({ worker: action.id }, 'A suspected worker showed itself');
        return;
      case 'warm':
        warm(action.id);
        return;
      case 'fence':
        void fence(action.id);
        return;
      case 'certify':
        bury(action.certificate);
        return;
      case 'refuse':
        orderFenced(action.id, roster.worker(action.id)?.pod);
        return;
      default:
        action satisfies never;
    }
  }

  function warm(worker: string): void {
    const pod = watch.get(worker)?.pod;
    if (pod !== undefined) links().order(pod, { type: 'warm', worker });
  }

  async function fence(id: string): Promise<void> {
    try {
      if (!store.connected) throw new Error('the store is away');
      const queues = await dependencies.queuesOf(id);
      await Promise.all(queues.map((queue) => store.supervision.fence(queue, id)));
      perform(watch.observe(id, { type: 'fence-written' }, nowMs(clock)));
    } catch (error) {
      log.debug({ worker: id, error: messageOf(error) }, 'A fence could not be written yet');
      perform(watch.observe(id, { type: 'fence-failed' }, nowMs(clock)));
    }
  }

  function bury(bare: DeathCertificate): void {
    const { worker, pod, cause } = bare;
    const { beats, peakRssBytes } = roster.history(worker);
    const certificate = withHistory(bare, beats, peakRssBytes);
    metrics.death(cause);
    dependencies.onDeath(certificate);
    roster.died(worker, nowMs(clock));
    // Whom its parent reaped is gone; of others only we say so, and something of them may still run.
    const reaped = certificate.evidence.some(({ kind }) => REAPED.has(kind));
    if (!reaped) orderFenced(worker, pod);
  }

  /**
   * The pod has the same `killFenced`: off, it fills the slot and leaves the zombie alone. Then we tell the zombie
   * nothing either: the store's refusals alone stop it.
   */
  function orderFenced(worker: string, pod: string | undefined): void {
    const busy = watch.get(worker)?.busy === true ? { busy: true } : {};
    const order = { type: 'fenced', worker, ...busy } as const;
    if (dependencies.supervision.killFenced) links().order(worker, order);
    if (pod !== undefined) links().order(pod, order);
  }

  return perform;
}
