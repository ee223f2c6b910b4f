import type { Clock, Config, DeathCertificate, Recovery, WorkerStatus } from '@millrace/core';
import type { Api } from '../demo/api.ts';
import type { Reply } from '../store/resp.ts';
import type { Wire } from './wire.ts';

/**
 * What a fault cannot be made without: the handlers that do harm (handlers/src/chaos) · proxies in the wires ·
 * clocks that can be set for one process · a store of our own. A user's platform has the first when it was started
 * with them, and the last unless it was given another store.
 */
export type Need = 'handlers' | 'wires' | 'clocks' | 'own-store';

export type Cause = DeathCertificate['cause'];

/** The processes that the launcher keeps, and its pods. */
export type ServiceName = 'store' | 'producer' | 'supervisor' | 'pod';

/** Proxies between the processes of the target. */
export interface Wires {
  /** Supervisors → store. */
  readonly supervisorStore: Wire;
  /** Pods and their workers → store. */
  readonly podStore: Wire;
  /** Producer → store. */
  readonly producerStore: Wire;
  /** Pods and their workers → supervisors, one for each. */
  readonly links: readonly Wire[];
}

/** Jobs that are offered together, under one idempotency key. */
export interface Batch {
  readonly key: string;
  readonly body: { readonly jobs: readonly { readonly name: string; readonly data: object }[] };
  /** Books them as accepted. */
  accepted(): void;
}

/** A process of the target. */
export interface TargetProcess {
  readonly name: string;
  readonly pid: number;
}

/** The platform that a fault is made on: always one on this machine, whose processes are all known. */
export interface ChaosTarget {
  readonly clock: Clock;
  /** Aborts when the fault is to be given up; what lasts is healed all the same. */
  readonly signal: AbortSignal;
  readonly api: Api;
  readonly wires: Wires | null;
  /** The worker processes of our own pods, as the supervisors publish them. */
  workers(): Promise<readonly WorkerStatus[]>;
  recoveries(): Promise<readonly Recovery[]>;
  /** Processes of ours that run now. */
  processes(service: ServiceName): Promise<readonly TargetProcess[]>;
  /** Full name of a key of the queue `chaos`. */
  key(name: string): string;
  /** Asks the store, past all wires. */
  store(...commands: readonly (readonly string[])[]): Promise<readonly Reply[]>;
  /** Jobs of the queue `chaos` for the handler `name`, one for each of `data`, not offered yet. */
  batch(name: string, data: readonly object[]): Batch;
  /** Sets the clock of one process to the machine's time plus `offsetMs`. */
  setClock(pid: number, offsetMs: number): Promise<void>;
  /** The moment of the harm, ms since 1970 (default: now), and what it was. The first one counts. */
  harmed(what: string, atMs?: number): void;
  /** A figure of this fault beside those that all have. */
  tell(figure: string, value: number | string): void;
}

/** One way to do harm, and what may come of it. */
export interface Fault {
  readonly name: string;
  /** One line for the list. */
  readonly summary: string;
  readonly needs: readonly Need[];
  /** Settings that the platform is started with for it, in the shape of the configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Why a platform with that configuration cannot show what it promises, as the end of a sentence; null when it can. */
  readonly fits?: (config: Config) => string | null;
  /** Deaths of worker processes that may be certified; one more, or of another cause, is a false death. */
  readonly deaths: {
    readonly least: number;
    /** Where it is a pod's, as many as a pod has processes. */
    readonly most: number | ((config: Pick<Config, 'worker'>) => number);
    readonly causes: readonly Cause[];
  };
  /** Jobs that it kills for good. */
  readonly deadLetters: number;
  /** Once the harm is over: by then every accepted job is done. */
  readonly boundMs: number;
  /** How long making it takes by design, where that is long. Ms. */
  readonly lastsMs?: number;
  /** Does it, and resolves when it is over: what lasts is healed. Rejects when it could not be done. */
  strike(target: ChaosTarget): Promise<void>;
}

/** No worker may be declared dead. */
export const NO_DEATH: Fault['deaths'] = { least: 0, most: 0, causes: [] };

/** A fault could not be made, or what it does not allow happened. */
export class ChaosFailure extends Error {}
