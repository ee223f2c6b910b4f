import type { Clock, Lifecycle, Log } from '@millrace/core';
import type { LinkKey } from '@millrace/supervision';
import type { TelemetrySettings } from '@millrace/telemetry';
import type { Cluster } from './cluster/cluster.ts';

export interface SupervisorDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** The links' shared key; null only on loopback. */
  readonly key: LinkKey;
  readonly cluster: Cluster;
  readonly pid: number;
  /** Default: nobody is sent anything. */
  readonly telemetry?: TelemetrySettings;
}

/** The supervisor: sees who dies, gives their jobs away, and keeps the pools full if it leads. */
export interface Supervisor extends Lifecycle {
  readonly id: string;
  /** Where it listens, once started. */
  readonly ports: { readonly link: number; readonly health: number };
  /** Of all replicas it is the one that acts on the outside. */
  readonly leads: boolean;
}
