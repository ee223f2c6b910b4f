import { type Clock, type Log, lifecycle, messageOf, type Timer } from '@millrace/core';
import { decodeSpans } from '../encode/decode.ts';
import { jsonRequest } from '../encode/json.ts';
import { protobufEnvelope, type RequestEnvelope } from '../encode/request.ts';
import { createSpanEncoder } from '../encode/span-encoder.ts';
import type { TelemetrySettings } from '../settings/settings.ts';
import { type OtlpSender, openOtlpSender } from './otlp-sender.ts';
import type { SpanExport } from './span-export.ts';
import { type Batch, createSpanQueue } from './span-queue.ts';

export interface SpanExportDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Where the console exporter writes; the process's stdout unless given. */
  readonly print?: (line: string) => void;
  /** How long `stop` may take to send what waits, ms. */
  readonly stopMs?: number;
}

/** A stop must not eat the time that a drain needs. */
const STOP_MS = 2_000;

/** Tells nobody: for telemetry that is off. */
const NO_EXPORT: SpanExport = {
  ...lifecycle(
    async () => undefined,
    async () => undefined,
  ),
  add() {},
  addEncoded() {},
  async flush() {},
  stats: () => ({ exported: 0, queued: 0, dropped: { full: 0, refused: 0, stopped: 0, unfit: 0 } }),
};

/** An exporter of spans as the settings say; with traces off it is one that does nothing and loads nothing. */
export function createSpanExport(settings: TelemetrySettings, deps: SpanExportDeps): SpanExport {
  const { traces } = settings;
  if (!traces) return NO_EXPORT;
  const print = deps.print ?? ((line) => void process.stdout.write(line));
  return batchingExport(settings, deps, () =>
    traces.exporter === 'console'
      ? Promise.resolve(consoleSender(print))
      : openOtlpSender({ ...traces, timeoutMs: Math.min(traces.timeoutMs, settings.batch.timeoutMs) }),
  );
}

/** One line of JSON a span. The "request" is protobuf entries here too. */
function consoleSender(print: (line: string) => void): OtlpSender {
  return {
    async send({ body }) {
      for (const span of decodeSpans(body)) print(`${JSON.stringify(span)}\n`);
      return 0;
    },
    isIdle: () => true,
    close() {},
  };
}

/** How the protocol wants a batch. */
function envelopeFor({ traces, resource }: TelemetrySettings): RequestEnvelope {
  const room = { ahead: 0, behind: 0 };
  if (traces?.exporter === 'console') return { room, around: (buffer, end) => buffer.subarray(0, end) };
  if (traces?.protocol !== 'http/json') return protobufEnvelope(resource);
  const around = (buffer: Buffer, end: number) =>
    Buffer.from(JSON.stringify(jsonRequest(resource, decodeSpans(buffer.subarray(0, end)))));
  return { room, around };
}

function batchingExport(
  settings: TelemetrySettings,
  { clock, log, stopMs = STOP_MS }: SpanExportDeps,
  openSender: () => Promise<OtlpSender>,
): SpanExport {
  const { maxQueued, maxBatch, delayMs } = settings.batch;
  const envelope = envelopeFor(settings);
  const queue = createSpanQueue(maxQueued, maxBatch, envelope.room);
  const encoder = createSpanEncoder(settings.limits);
  const dropped = { full: 0, refused: 0, stopped: 0, unfit: 0 };
  let exported = 0;
  let sender: OtlpSender | null = null;
  let isSending = false;
  let timer: Timer | null = null;
  let isOver = false;
  let isFailing = false;
  let underWay = 0;
  /** Spans that came into the queue and that were answered or dropped, in the same order; those up to `wanted` fill no batch first. */
  let given = 0;
  let answered = 0;
  let wanted = 0;
  let flushes: { readonly upTo: number; readonly resolve: () => void }[] = [];

  const sendOne = async (to: OtlpSender, batch: Batch) => {
    const { buffer, end, count } = batch;
    underWay = count;
    try {
      const refused = await to.send({ body: envelope.around(buffer, end), count });
      if (to !== sender) return;
      // Of what was given up something may still be on its way.
      if (to.isIdle()) queue.giveBack(batch);
      exported += count - refused;
      dropped.refused += refused;
      if (isFailing) log.info({}, 'The collector takes spans again.');
      isFailing = false;
    } catch (error) {
      // Given up by the stop, which has counted it.
      if (to !== sender) return;
      dropped.refused += count;
      if (!isFailing) {
        const sentence = 'The collector does not take spans: they are dropped and counted.';
        log.warn({ reason: messageOf(error) }, sentence);
      }
      isFailing = true;
    }
    underWay = 0;
  };

  const tellFlushes = (upTo: number) => {
    for (const flush of flushes) if (flush.upTo <= upTo) flush.resolve();
    flushes = flushes.filter((flush) => flush.upTo > upTo);
  };

  /** Sends batch after batch while one is full or holds what is wanted; the rest has its time from then on. */
  const send = async () => {
    timer?.cancel();
    timer = null;
    if (isSending) return;
    isSending = true;
    while (sender && (answered < wanted || queue.count >= maxBatch)) {
      const batch = queue.takeBatch();
      if (batch === null) break;
      await sendOne(sender, batch);
      answered += batch.count;
      tellFlushes(answered);
    }
    isSending = false;
    waitForMore();
  };

  const sendAll = () => {
    wanted = given;
    void send();
  };

  const waitForMore = () => {
    if (sender && queue.count > 0) timer ??= clock.after(delayMs, sendAll);
  };

  const addEncoded = (bytes: Uint8Array, count: number) => {
    if (isOver) {
      dropped.stopped += count;
    } else if (queue.add({ bytes, count })) {
      given += count;
      if (queue.count >= maxBatch) void send();
      else waitForMore();
    } else {
      dropped.full += count;
      sendAll();
    }
  };

  const flush = async () => {
    if (!sender || answered === given) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    flushes.push({ upTo: given, resolve });
    sendAll();
    await promise;
  };

  const start = async () => {
    sender = await openSender();
    waitForMore();
  };

  const stop = async () => {
    const inTime = Promise.withResolvers<void>();
    const late = clock.after(stopMs, inTime.resolve);
    if (sender) await Promise.race([flush(), inTime.promise]);
    late.cancel();
    timer?.cancel();
    sender?.close();
    sender = null;
    dropped.stopped += queue.clear() + underWay;
    tellFlushes(given);
  };

  const life = lifecycle(start, stop);
  return {
    start: life.start,
    stop() {
      // Also one that was never started takes nothing any more.
      isOver = true;
      return life.stop();
    },
    add(records) {
      for (const record of records) if (!encoder.add(record)) dropped.unfit++;
      const { bytes, count } = encoder.take();
      if (count > 0) addEncoded(bytes, count);
    },
    addEncoded,
    flush,
    stats: () => ({ exported, queued: queue.count, dropped: { ...dropped } }),
  };
}
