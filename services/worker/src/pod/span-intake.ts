import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { type Clock, type Lifecycle, type Log, lifecycle } from '@millrace/core';
import {
  createSpanExport,
  type SpanExport,
  type SpanExportStats,
  type TelemetrySettings,
} from '@millrace/telemetry';
import { SPANS_FD } from '../ipc.ts';
import { openSpanCount } from '../telemetry/span-count.ts';
import { createFrameReader } from '../telemetry/span-frames.ts';
import { freeChunk } from './free-chunk.ts';

/** What became of the spans that this pod's processes kept, since the pod's start. */
export interface SpanStats extends SpanExportStats {
  /** Kept, and gone with the process that was killed or crashed before it could hand them over. */
  readonly lost: number;
  /** Given up in their process, since this one did not read for too long, or no message holds them. */
  readonly unread: number;
  /** Handlers' own, more than may wait in a process for what becomes of their attempts. */
  readonly excess: number;
}

/** What a child is forked with, and then heard by. */
export interface SpanSource {
  /** From `SPANS_FD` on. */
  readonly stdio: readonly ('pipe' | number)[];
  hear(child: ChildProcess): void;
}

/** Takes the spans of worker processes and sends them to the collector; bounded, and none is waited for. */
export interface SpanIntake extends Lifecycle {
  /** For one child that is about to be forked. */
  open(): SpanSource;
  stats(): SpanStats;
}

/** At its end a pod waits no longer for what its dead children's pipes still hold. */
const REST_MS = 2_000;

/** See {@link SpanIntake}. */
export function createSpanIntake(
  settings: TelemetrySettings,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  exporter: SpanExport = createSpanExport(settings, { clock, log }),
): SpanIntake {
  const open = new Set<Promise<void>>();
  let lost = 0;
  let unread = 0;
  let excess = 0;

  /** Resolves with the spans that came, when no more can: the pipe ends with the last who holds it. */
  async function readAll(pipe: Readable): Promise<number> {
    const reader = createFrameReader();
    let came = 0;
    try {
      for await (const chunk of pipe) {
        reader.push(chunk, ({ bytes, count }) => {
          came += count;
          exporter.addEncoded(bytes, count);
        });
        freeChunk(chunk);
      }
    } catch (error) {
      log.debug({ error }, 'A pipe of spans broke');
    }
    return came;
  }

  async function hear(pipe: Readable, counted: ReturnType<typeof openSpanCount>): Promise<void> {
    const came = await readAll(pipe);
    if (counted === null) return;
    const count = counted.read();
    counted.close();
    unread += count.dropped;
    excess += count.excess;
    lost += Math.max(0, count.kept - count.dropped - came);
  }

  async function close(): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = clock.after(REST_MS, late.resolve);
    await Promise.race([Promise.all(open), late.promise]);
    timer.cancel();
    await exporter.stop();
  }

  return {
    ...lifecycle(() => exporter.start(), close),
    open() {
      const counted = openSpanCount();
      return {
        stdio: counted === null ? ['pipe'] : ['pipe', counted.file],
        hear(child) {
          const pipe = (child.stdio as readonly unknown[] | undefined)?.[SPANS_FD] as Readable | undefined;
          if (!pipe) return counted?.close();
          const heard = hear(pipe, counted).finally(() => open.delete(heard));
          open.add(heard);
        },
      };
    },
    stats: () => ({ ...exporter.stats(), lost, unread, excess }),
  };
}
