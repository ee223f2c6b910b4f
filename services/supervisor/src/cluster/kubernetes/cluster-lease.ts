import { type Clock, type Log, lifecycle, messageOf } from '@millrace/core';
import { isStatus, type KubernetesApi } from './api.ts';
import { LEASE_MS, type LeaseObject, type LeaseSight, leaseSpec, leaseStep, sight } from './lease.ts';

/** Between two renewals. */
const RENEW_MS = 1_000;
/** Who may come to want it looks this often, so that it has seen the last renewal when it does. */
const LOOK_MS = 500;
/** Who wants it and waits for it. */
const ASK_MS = 250;
/** What giving it up may take at the end; it expires by itself. */
const RELEASE_MS = 1_000;

export interface ClusterLeaseOptions {
  readonly name: string;
  /** Who we are: the pod's name and uid. */
  readonly holder: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly isCandidate: () => boolean;
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly log: Log;
}

/** The Lease of the one supervisor that acts on the cluster. */
export interface ClusterLease {
  start(): Promise<void>;
  /** Gives it up. */
  stop(): Promise<void>;
  /** Whether we may act at this very moment, by our monotonic clock, counted from before the last renewal was sent. */
  holds(): boolean;
  /** Times that we got it, or had it no more. */
  readonly transitions: number;
}

/** See {@link ClusterLease}. Every write names the version it was decided on: a lease that changed meanwhile stays. */
export function createClusterLease(options: ClusterLeaseOptions): ClusterLease {
  const { name, holder, labels, isCandidate, api, clock, log } = options;
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${api.namespace}/leases`;
  const path = `${collection}/${name}`;
  const stopping = new AbortController();
  let untilMs = Number.NEGATIVE_INFINITY;
  let seen: LeaseSight | null = null;
  let told = false;
  let transitions = 0;
  /** It may still have our name in it. */
  let wasOurs = false;
  let work: Promise<void> = Promise.resolve();

  const holds = () => clock.monotonicMs() < untilMs;

  function tell(): void {
    if (told === holds()) return;
    told = !told;
    transitions += 1;
    log.info(
      { lease: name },
      told ? 'This supervisor acts on the cluster' : 'It acts on the cluster no more',
    );
  }

  async function read(): Promise<LeaseObject | null> {
    try {
      return (await api.call('GET', path)) as LeaseObject;
    } catch (error) {
      if (isStatus(error, 404)) return null;
      throw error;
    }
  }

  async function write(lease: LeaseObject | null): Promise<void> {
    const spec = leaseSpec(lease?.spec, holder, clock.nowMs());
    const sentMs = clock.monotonicMs();
    wasOurs = true;
    const meta = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
    const answer = (
      lease === null
        ? await api.call('POST', collection, { body: { ...meta, metadata: { name, labels }, spec } })
        : await api.call('PUT', path, { body: { ...meta, metadata: lease.metadata, spec } })
    ) as LeaseObject;
    seen = sight(seen, answer, clock.monotonicMs());
    // Over before the answer came, or not wanted any more: it is nobody's now, and we did not act.
    untilMs = isCandidate() ? sentMs + LEASE_MS : Number.NEGATIVE_INFINITY;
  }

  async function ask(): Promise<void> {
    const lease = await read();
    if (lease !== null) seen = sight(seen, lease, clock.monotonicMs());
    if (!isCandidate()) {
      if (lease?.spec?.holderIdentity === holder) await release(lease);
      return;
    }
    const step =
      lease === null || seen === null ? 'take' : leaseStep(lease, holder, seen, clock.monotonicMs());
    if (step === 'leave') untilMs = Number.NEGATIVE_INFINITY;
    else await write(lease);
  }

  async function release(lease: LeaseObject): Promise<void> {
    untilMs = Number.NEGATIVE_INFINITY;
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 };
    const meta = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: lease.metadata };
    await api.call('PUT', path, { body: { ...meta, spec } });
    wasOurs = false;
  }

  async function keepAsking(): Promise<void> {
    while (!stopping.signal.aborted) {
      const startedMs = clock.monotonicMs();
      if (!isCandidate()) untilMs = Number.NEGATIVE_INFINITY;
      await ask().catch((error) => {
        // Another replica wrote first: its word counts.
        if (isStatus(error, 409)) untilMs = Number.NEGATIVE_INFINITY;
        else log.debug({ error: messageOf(error) }, 'The cluster’s lease was not renewed');
      });
      tell();
      const waitMs = holds() ? RENEW_MS : isCandidate() ? ASK_MS : LOOK_MS;
      const restMs = Math.max(0, waitMs - (clock.monotonicMs() - startedMs));
      await clock.sleep(restMs, stopping.signal).catch(() => undefined);
    }
  }

  async function giveUp(): Promise<void> {
    untilMs = Number.NEGATIVE_INFINITY;
    if (!wasOurs) return;
    const lease = await read();
    if (lease?.spec?.holderIdentity === holder) await release(lease);
  }

  return {
    ...lifecycle(
      async () => {
        work = keepAsking();
      },
      async () => {
        stopping.abort(new Error('the supervisor stops'));
        const limit = new Promise<void>((resolve) => clock.after(RELEASE_MS, resolve));
        // A call under way may hang for its deadline; the lease expires by itself.
        await Promise.race([work.then(giveUp), limit]).catch((error) => {
          log.debug({ error: messageOf(error) }, 'The cluster’s lease was not given up; it expires');
        });
        untilMs = Number.NEGATIVE_INFINITY;
        tell();
      },
    ),
    holds,
    get transitions() {
      return transitions;
    },
  };
}
