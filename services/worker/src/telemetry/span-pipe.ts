import { Socket } from 'node:net';
import type { Clock, Timer } from '@millrace/core';
import { createSpanEncoder, type SpanRecord, type TelemetrySettings } from '@millrace/telemetry';
import type { SpanCounter } from './span-count.ts';
import { frameHeader } from './span-frames.ts';

/** What waits for a pod that does not read. More is dropped: spans must not fill the memory of who runs jobs. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** So much goes at once: with room for a usual last span in the 64 KiB that the pod reads at once. */
const FRAME_BYTES = 60 * 1024;
/**
 * A frame leaves at once, as long as they are few: each wakes the pod, and under load every reply of the store would
 * make one. Beyond a burst they wait until they are full, or so far apart. What waits is what a kill takes, and is counted.
 */
const APART_MS = 100;
const BURST = 16;
/** At its end a process waits no longer for its pod to read. */
const END_MS = 1_000;

/** The worker's end of the pipe to its pod supervisor. */
export interface SpanPipe {
  add(spans: readonly SpanRecord[]): void;
  /** Now, for a process that ends. What the kernel does not take at once is lost, and counted. */
  flush(): void;
  /** Takes no more. Resolves when all is in the pod's hands, or it does not read. */
  end(): Promise<void>;
}

/**
 * Gathers the spans of one turn of the event loop, under load those of 100 ms, into one frame: a frame in the kernel
 * survives its writer's death. The counter hears of a span before anything else does.
 */
export function createSpanPipe(
  file: number,
  counter: SpanCounter | null,
  { limits, clock }: Pick<TelemetrySettings, 'limits'> & { readonly clock: Clock },
): SpanPipe {
  const encoder = createSpanEncoder(limits);
  const socket = new Socket({ fd: file, readable: false, writable: true });
  socket.on('error', () => undefined);
  socket.unref();
  let due: Timer | null = null;
  /** When the last frame would have left, had they all been `APART_MS` apart; a burst ahead of now at most. */
  let pacedMs = Number.NEGATIVE_INFINITY;

  function writeSoon(): void {
    const waitMs = pacedMs - (BURST - 1) * APART_MS - clock.monotonicMs();
    if (waitMs > 0) {
      due = clock.after(waitMs, write);
    } else {
      const turn = setImmediate(write);
      due = { cancel: () => clearImmediate(turn) };
    }
  }

  function write(): void {
    due?.cancel();
    due = null;
    const { bytes, count } = encoder.take();
    if (count === 0) return;
    // More must never have come than was said to be kept.
    counter?.tell();
    if (!socket.writable || socket.writableLength > MAX_WAITING_BYTES) {
      counter?.drop(count);
      return;
    }
    const nowMs = clock.monotonicMs();
    pacedMs = Math.min(Math.max(pacedMs, nowMs) + APART_MS, nowMs + BURST * APART_MS);
    socket.cork();
    socket.write(frameHeader(bytes.length, count));
    socket.write(bytes);
    socket.uncork();
  }

  return {
    add(spans) {
      if (spans.length === 0) return;
      counter?.keep(spans.length);
      for (const span of spans) {
        if (!encoder.add(span)) counter?.drop(1);
        if (encoder.size >= FRAME_BYTES) write();
      }
      if (encoder.count > 0 && due === null) writeSoon();
    },
    flush: write,
    async end() {
      write();
      const done = Promise.withResolvers<void>();
      const timer = clock.after(END_MS, done.resolve);
      socket.once('close', done.resolve).end(done.resolve);
      await done.promise;
      timer.cancel();
      socket.destroy();
    },
  };
}
