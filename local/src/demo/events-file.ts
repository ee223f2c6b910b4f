import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { MillraceError, messageOf, type WorkerStatus } from '@millrace/core';
import type { JobDoneEvent, JobKilledEvent, RssEvent, RunEvent, RunEventLine } from '@millrace/measure';
import type { LedgerLine } from './collector.ts';
import type { OnMetrics } from './metrics/metrics-watch.ts';
import type { Kill } from './recovery-times.ts';
import type { SlotTaken } from './worker-watch.ts';

/** What the first line tells besides the time. */
export type RunHeader = Omit<RunEvent, 'event' | 'schema' | 'system' | 'started_unix_us'>;

/** Where a job of ours belongs; times as µs since 1970. */
export interface JobOrigin {
  readonly id: number;
  readonly producer: number;
  readonly slot: number | null;
  readonly scheduledUs: number;
}

type Memory = Omit<RssEvent, 'event' | 'phase'>;

/** Writes one run's events as JSON lines (bench/events.schema.json). The only writer of its file. */
export class EventsFile {
  readonly file: string;
  readonly #stream: WriteStream;
  #startedUs = 0;
  readonly #latest = new Map<number, Memory>();
  readonly #peak = new Map<number, Memory>();
  #steady = false;

  private constructor(file: string, stream: WriteStream) {
    this.file = file;
    this.#stream = stream;
  }

  /** Throws `start_failed` when the file cannot be written. */
  static async open(file: string): Promise<EventsFile> {
    const stream = createWriteStream(file);
    try {
      await once(stream, 'open');
    } catch (error) {
      throw new MillraceError('start_failed', `The events file cannot be written: ${messageOf(error)}`);
    }
    return new EventsFile(file, stream);
  }

  run(header: RunHeader, startedUs: number): void {
    this.#startedUs = startedUs;
    this.#write({ event: 'run', schema: 1, system: 'millrace', started_unix_us: startedUs, ...header });
  }

  /** The end of an attempt of one of our jobs; what a drain handed back has no line of its own. */
  ended(entry: LedgerLine, origin: JobOrigin): void {
    if (entry.outcome === 'failed' || entry.outcome === 'retried') {
      const attempt = Math.max(1, entry.attempt);
      this.#write({
        event: 'job_failed',
        id: origin.id,
        attempt,
        error: entry.value,
        started_us: this.#us(entry.startedUs),
        at_us: this.#us(entry.doneUs),
      });
    } else if (entry.outcome === 'completed') {
      this.#write(this.#jobDone(entry, origin));
    } else if (entry.outcome === 'killed') {
      this.#write(this.#jobKilled(entry, origin));
    }
  }

  crash(kill: Kill): void {
    // Memory just before the first crash is the steady state of the run.
    if (!this.#steady) this.#writeMemory(this.#latest, 'steady');
    this.#steady = true;
    const { worker, drawn, slot, atMs } = kill;
    this.#write({
      event: 'worker_crash',
      worker,
      drawn,
      slot,
      at_us: this.#us(atMs * 1000),
      cause: 'SIGKILL',
    });
  }

  /** Figures beside the jobs, of the second that ends now. */
  metrics(line: Parameters<OnMetrics>[0], atUs: number): void {
    this.#write({ event: 'metrics', ...line, at_us: this.#us(atUs) });
  }

  restart({ worker, slot, atMs }: SlotTaken): void {
    this.#write({ event: 'worker_restart', worker, slot, at_us: this.#us(atMs * 1000) });
  }

  sample(worker: WorkerStatus): void {
    const at_us = this.#us(worker.lastBeatMs * 1000);
    if (worker.rssBytes === 0 || this.#latest.get(worker.pid)?.at_us === at_us) return;
    const memory: Memory = {
      pid: worker.pid,
      bytes: Math.round(worker.rssBytes),
      heap_used: Math.round(worker.heapBytes),
      external: null,
      at_us,
    };
    this.#latest.set(worker.pid, memory);
    if (memory.bytes > (this.#peak.get(worker.pid)?.bytes ?? 0)) this.#peak.set(worker.pid, memory);
    this.#write({ event: 'rss', ...memory, phase: 'sample' });
  }

  /** Writes the closing figures of `alive` (pids) and of all peaks, and closes the file. */
  async end(alive: ReadonlySet<number>): Promise<void> {
    const living = new Map([...this.#latest].filter(([pid]) => alive.has(pid)));
    if (this.#steady) this.#writeMemory(living, 'post_recovery');
    else this.#writeMemory(living, 'steady');
    this.#writeMemory(this.#peak, 'peak');
    this.#stream.end();
    await finished(this.#stream);
  }

  #jobDone(entry: LedgerLine, origin: JobOrigin): JobDoneEvent {
    const { checksum } = JSON.parse(entry.value) as { checksum: number };
    return {
      event: 'job_done',
      id: origin.id,
      producer: origin.producer,
      worker: entry.worker,
      slot: origin.slot,
      attempt: entry.attempt,
      scheduled_us: this.#us(origin.scheduledUs),
      enqueued_us: this.#us(entry.enqueuedUs),
      started_us: this.#us(entry.startedUs),
      done_us: this.#us(entry.doneUs),
      checksum,
      ok: true,
    };
  }

  #jobKilled(entry: LedgerLine, { id }: JobOrigin): JobKilledEvent {
    const [started_us, at_us] = [this.#us(entry.startedUs), this.#us(entry.doneUs)];
    return { event: 'job_killed', id, worker: entry.worker, started_us, at_us };
  }

  #writeMemory(memory: ReadonlyMap<number, Memory>, phase: RssEvent['phase']): void {
    for (const each of memory.values()) this.#write({ event: 'rss', ...each, phase });
  }

  #us(epochUs: number): number {
    return Math.round(epochUs - this.#startedUs);
  }

  #write(event: RunEventLine): void {
    this.#stream.write(`${JSON.stringify(event)}\n`);
  }
}
