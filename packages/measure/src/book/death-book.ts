import type { JobKilledEvent, WorkerCrashEvent, WorkerRestartEvent } from '../events.ts';

/** One worker's death and what followed; µs since the run's start, null where nothing tells. */
export interface Death {
  readonly worker: string;
  readonly cause: string | null;
  readonly slot: number | null;
  readonly atUs: number;
  readonly orphans: number;
  readonly detectedUs: number | null;
  readonly fencedUs: number | null;
  /** The last orphan was back in the queue. */
  readonly reclaimedUs: number | null;
  /** The place of the dead was taken. */
  readonly respawnedUs: number | null;
  readonly firstRestartUs: number | null;
  readonly lastRestartUs: number | null;
  /** Of a death that traces tell of. */
  readonly traceId: string | null;
}

type Draft = { -readonly [Key in keyof Death]: Death[Key] };

export const blankDeath = (worker: string, atUs: number): Death => ({
  ...{ worker, atUs, cause: null, slot: null, orphans: 0, traceId: null },
  ...{ detectedUs: null, fencedUs: null, reclaimedUs: null, respawnedUs: null },
  ...{ firstRestartUs: null, lastRestartUs: null },
});

const later = (known: number | null, us: number) => (known === null ? us : Math.max(known, us));
const earlier = (known: number | null, us: number) => (known === null ? us : Math.min(known, us));

/** Follows the deaths that an events file tells of. Lines of one job must come in the order of what they tell. */
export class DeathBook {
  readonly #deaths = new Map<string, Draft>();
  /** The worker that a job was last killed with, until it is seen starting again. */
  readonly #waiting = new Map<number, string>();

  crash({ worker, slot, cause, at_us }: WorkerCrashEvent): void {
    const death = this.#deathOf(worker, at_us);
    Object.assign(death, { slot, cause, atUs: at_us });
  }

  /** A slot is taken again: by the successor of whoever died there last. */
  restart({ slot, at_us }: WorkerRestartEvent): void {
    const dead = [...this.#deaths.values()].findLast((one) => one.slot === slot && one.atUs <= at_us);
    if (dead !== undefined && dead.respawnedUs === null) dead.respawnedUs = at_us;
  }

  killed({ id, worker, started_us, at_us }: JobKilledEvent): void {
    this.started(id, started_us);
    const death = this.#deathOf(worker, at_us);
    death.orphans += 1;
    death.reclaimedUs = later(death.reclaimedUs, at_us);
    this.#waiting.set(id, worker);
  }

  /** A job was seen starting; it matters only if it was an orphan. */
  started(id: number, atUs: number): void {
    if (this.#waiting.size === 0) return;
    const worker = this.#waiting.get(id);
    if (worker === undefined) return;
    this.#waiting.delete(id);
    const death = this.#deaths.get(worker) as Draft;
    death.firstRestartUs = earlier(death.firstRestartUs, atUs);
    death.lastRestartUs = later(death.lastRestartUs, atUs);
  }

  /** In time's order. */
  deaths(): Death[] {
    return [...this.#deaths.values()].sort((a, b) => a.atUs - b.atUs);
  }

  #deathOf(worker: string, atUs: number): Draft {
    const known = this.#deaths.get(worker);
    if (known !== undefined) return known;
    const death = { ...blankDeath(worker, atUs) };
    this.#deaths.set(worker, death);
    return death;
  }
}
