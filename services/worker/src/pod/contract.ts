import type { Clock, Lifecycle, Log } from '@millrace/core';
import type { KubernetesPod, LinkKey } from '@millrace/supervision';
import type { TelemetrySettings } from '@millrace/telemetry';
import type { SpawnChild } from './child-process.ts';
import type { Child } from './pod-state.ts';
import type { SpanIntake } from './span-intake.ts';

export interface PodOptions {
  readonly id: string;
  readonly pool: string;
  /** Of this process; the pod's own end by a kill order is its SIGKILL. */
  readonly pid: number;
  readonly linkKey: LinkKey;
  readonly k8s: KubernetesPod | null;
}

export interface PodDependencies {
  readonly spawn: SpawnChild;
  readonly clock: Clock;
  readonly log: Log;
  /** Null without telemetry. It is started and stopped with the pod. */
  readonly spans: SpanIntake | null;
  /** Bytes that its children have written to their outputs. */
  readonly outputBytes?: () => number;
  /** Default: nobody is sent anything. */
  readonly telemetry?: TelemetrySettings;
  /** Every slot is filled for the first time. */
  readonly onReady: () => void;
  /** The last child is gone; `code` is what the pod supervisor is to exit with. */
  readonly onEnd: (code: number) => void;
  /** A kill order names the pod itself: its children are dead already. */
  readonly killSelf: () => void;
}

/** The parent of one pod's worker processes. */
export interface Pod extends Lifecycle {
  /** Ends within `timeoutMs`; said again, it only hastens. `onEnd` tells when. */
  drain(timeoutMs: number): void;
  readonly healthPort: number;
  readonly children: readonly (Child & { readonly pid: number })[];
}
