import type { Clock, Lifecycle, Log } from '@millrace/core';
import type { LinkKey } from '@millrace/supervision';
import type { SamplingPolicy, SpanExport } from '@millrace/telemetry';
import type { Cluster } from './cluster/cluster.ts';

export interface SupervisorDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** The links' shared key; null only on loopback. */
  readonly key: LinkKey;
  readonly cluster: Cluster;
  readonly pid: number;
  /** Where spans go, and which are wanted; null: none. The supervisor starts and stops the export. */
  readonly traces?: { readonly spans: SpanExport; readonly sampling: SamplingPolicy } | null;
}

/** The supervisor: sees who dies, gives their jobs away, and keeps the pools full if it leads. */
export interface Supervisor extends Lifecycle {
  readonly id: string;
  /** Where it listens, once started. */
  readonly ports: { readonly link: number; readonly health: number };
  /** Of all replicas it is the one that acts on the outside. */
  readonly leads: boolean;
}
