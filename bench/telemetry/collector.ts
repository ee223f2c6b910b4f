import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findJaeger, type Host, keep, ownJaeger } from '@millrace/local';
import type { PartName } from './settings.ts';
import type { Side } from './sides.ts';
import { capacityOf, NOTHING, type Sink, startSink } from './sink/sink.ts';
import type { Field } from './trial.ts';

/** Where the spans of a part go. */
export interface Collector {
  endpoint(side: Side): string;
  /** Null where it cannot tell what came of a side. */
  readonly sent: Field['sent'];
  /** Spans a second that it takes with nothing else to do; null where that is not measured. */
  readonly capacity: number | null;
  /** Its processor time so far, ms; null where that is not measured. */
  cpuMs(): Promise<number | null>;
  stop(): Promise<void>;
}

/** Long enough for its code to be compiled. */
const CAPACITY_MS = 1_500;
const BATCH = 512;

/** A request of spans as small as ours are: a name, a kind, and some bytes of attributes that nobody reads. */
function exampleRequest(): Uint8Array {
  const field = (tag: number, content: Uint8Array) => {
    const { length } = content;
    // A number may take more bytes than it needs.
    const varint = [(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14];
    return Buffer.concat([Uint8Array.from([tag, ...varint]), content]);
  };
  const span = field(
    0x12,
    Buffer.concat([field(0x2a, Buffer.from('process noop')), field(0x4a, Buffer.alloc(480))]),
  );
  const spans = Buffer.concat(Array.from({ length: BATCH }, () => span));
  return field(0x0a, field(0x12, spans));
}

async function startSinkCollector({ nodeFile, clock }: Host): Promise<Collector> {
  const sink: Sink = await startSink(nodeFile);
  const request = { body: exampleRequest(), spans: BATCH, ms: CAPACITY_MS };
  const capacity = await capacityOf(sink, clock, request);
  return {
    endpoint: sink.endpoint,
    sent: async (side) => (await sink.counts()).sides[side] ?? NOTHING,
    capacity: Math.round(capacity),
    cpuMs: async () => (await sink.counts()).cpuMs,
    stop: sink.stop,
  };
}

/** Null where there is no `jaeger` on the PATH. */
async function startJaegerCollector(host: Host): Promise<Collector | null> {
  const file = await findJaeger(host.env.PATH ?? '');
  if (file === null) return null;
  const dir = await mkdtemp(join(tmpdir(), 'millrace-bench-jaeger-'));
  const jaeger = await ownJaeger(file, { run: dir, logs: dir }, host);
  const keeper = keep(jaeger.process, {
    clock: host.clock,
    note: () => undefined,
    onSpawn: async () => undefined,
    onExit: () => undefined,
  });
  await keeper.start();
  return {
    endpoint: () => jaeger.endpoint,
    sent: null,
    capacity: null,
    cpuMs: async () => null,
    async stop() {
      await keeper.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Starts the collector of a part; null where the machine has none. */
export function startCollector(part: PartName, host: Host): Promise<Collector | null> {
  return part === 'sink' ? startSinkCollector(host) : startJaegerCollector(host);
}
