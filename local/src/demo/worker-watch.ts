import type { Clock, WorkerStatus } from '@millrace/core';
import type { Api } from './api.ts';

/** The supervisor publishes no more often than this. */
const EVERY_MS = 200;

/** A worker that took over a slot, first seen at `atMs` (ms since 1970). */
export interface SlotTaken {
  readonly worker: string;
  readonly slot: number;
  readonly atMs: number;
}

/** Follows the worker processes of a run by asking the API, as anybody could. */
export class WorkerWatch {
  readonly #api: Api;
  readonly #clock: Clock;
  readonly #ours: (worker: WorkerStatus) => boolean;
  readonly #slots = new Map<string, number>();
  readonly #onTaken: (taken: SlotTaken) => void;
  readonly #onSample: (worker: WorkerStatus, atMs: number) => void;
  /** The latest list. */
  workers: readonly WorkerStatus[] = [];

  constructor(
    api: Api,
    clock: Clock,
    ours: (worker: WorkerStatus) => boolean,
    hooks: {
      readonly onTaken: (taken: SlotTaken) => void;
      readonly onSample: (worker: WorkerStatus, atMs: number) => void;
    },
  ) {
    this.#api = api;
    this.#clock = clock;
    this.#ours = ours;
    this.#onTaken = hooks.onTaken;
    this.#onSample = hooks.onSample;
  }

  /** The slot that a worker start had; null when it was never seen in one. */
  slotOf(worker: string): number | null {
    return this.#slots.get(worker) ?? null;
  }

  async refresh(): Promise<void> {
    const answer = await this.#api.ask({ method: 'GET', path: '/v1/workers' });
    const { workers } = answer.body as { workers?: readonly WorkerStatus[] };
    this.workers = (workers ?? []).filter(this.#ours);
    const atMs = this.#clock.nowMs();
    for (const worker of this.workers) {
      this.#onSample(worker, atMs);
      if (worker.slot === null || this.#slots.has(worker.id)) continue;
      this.#slots.set(worker.id, worker.slot);
      this.#onTaken({ worker: worker.id, slot: worker.slot, atMs });
    }
  }

  /** Refreshes until `signal` aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.refresh();
      await this.#clock.sleep(EVERY_MS, signal).catch(() => undefined);
    }
  }

  /**
   * Resolves when workers run in all of `slots` slots and serve `queue`, and `standbys` more are warm; false when
   * that takes longer than `ms`. A standby that is still loading would take the processors from the run.
   */
  async untilServing(queue: string, slots: number, standbys: number, ms: number): Promise<boolean> {
    const untilMs = this.#clock.monotonicMs() + ms;
    while (this.#clock.monotonicMs() < untilMs) {
      await this.refresh();
      const serving = this.workers.filter(
        ({ state, queues }) => state === 'running' && queues.includes(queue),
      );
      const filled = new Set(serving.map((worker) => worker.slot).filter((slot) => slot !== null));
      const warm = this.workers.filter((worker) => worker.state === 'standby').length;
      if (filled.size >= slots && warm >= standbys) return true;
      await this.#clock.sleep(EVERY_MS);
    }
    return false;
  }
}
