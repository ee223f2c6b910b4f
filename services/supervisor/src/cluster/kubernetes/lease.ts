import { isoTime, parseTimeMs } from '@millrace/core';
import type { KubernetesObject } from './objects.ts';

/** A holder is deposed when nobody has seen a renewal for this long; it renews every second. */
export const LEASE_MS = 4_000;

/** Of coordination.k8s.io/v1. */
export interface LeaseObject extends KubernetesObject {
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string | null;
    readonly renewTime?: string | null;
    readonly leaseTransitions?: number;
  };
}

/** The Lease as we last saw it change. */
export interface LeaseSight {
  readonly version: string;
  /** When we saw that version first, by our monotonic clock: other clocks have no say in it. */
  readonly atMs: number;
}

/** What to do about the Lease: take it (or renew it), or leave it to its holder. */
export type LeaseStep = 'take' | 'renew' | 'leave';

/** Notes the version we see; only a new one moves the time. */
export function sight(before: LeaseSight | null, { metadata }: LeaseObject, nowMs: number): LeaseSight {
  return before?.version === metadata.resourceVersion
    ? before
    : { version: metadata.resourceVersion, atMs: nowMs };
}

/** Ours is renewed; a free one is taken, and one that nobody has renewed for its duration since we saw it. */
export function leaseStep(lease: LeaseObject, us: string, seen: LeaseSight, nowMs: number): LeaseStep {
  const holder = lease.spec?.holderIdentity ?? '';
  if (holder === us) return 'renew';
  if (holder === '') return 'take';
  const durationMs = (lease.spec?.leaseDurationSeconds ?? LEASE_MS / 1_000) * 1_000;
  return nowMs - seen.atMs > durationMs ? 'take' : 'leave';
}

/** The spec as we write it. `microTime` has six decimals, as the API wants them. */
export function leaseSpec(
  before: LeaseObject['spec'],
  us: string,
  nowMs: number,
): NonNullable<LeaseObject['spec']> {
  const renewTime = isoTime(nowMs).replace('Z', '000Z');
  const isOurs = before?.holderIdentity === us;
  const transitions = before?.leaseTransitions ?? 0;
  const acquired = isOurs ? parseTimeMs(before?.acquireTime ?? '') : null;
  return {
    holderIdentity: us,
    leaseDurationSeconds: LEASE_MS / 1_000,
    acquireTime: acquired === null ? renewTime : (before?.acquireTime ?? renewTime),
    renewTime,
    leaseTransitions: before === undefined || isOurs ? transitions : transitions + 1,
  };
}
