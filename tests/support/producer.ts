import { fileURLToPath } from 'node:url';
import { type Clock, type Log, silentLog, systemClock } from '@millrace/core';
import { createProducer, type Producer, type Tokens } from '@millrace/producer';
import type { Store } from '@millrace/queue';
import { loadHandlers } from '@millrace/sdk';
import type { TelemetrySettings } from '@millrace/telemetry';
import { type QueueBench, queueBench } from './queue.ts';

/** Queue `sums` has the handlers `add` (numbers a and b) and `any`; every other queue takes any name. */
const SUMS = fileURLToPath(new URL('../fixtures/sums', import.meta.url));

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what a server answers is what the test is about.
  readonly body: any;
}

/** A producer of one test on free ports, over its own part of the real store. */
export interface ProducerBench {
  readonly queues: QueueBench;
  readonly producer: Producer;
  readonly store: Store;
  readonly url: string;
  readonly port: number;
  readonly healthUrl: string;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  post(queue: string, body: unknown, headers?: Record<string, string>): Promise<Reply>;
  close(): Promise<void>;
}

/** Reads a whole answer; JSON where it says so, text otherwise. */
export async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text();
  const isJson = /[/+]json$/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== '' ? JSON.parse(text) : text,
  };
}

export interface ProducerBenchOptions {
  readonly store?: { url: string };
  readonly clock?: Clock;
  readonly tokens?: Tokens;
  readonly log?: Log;
  readonly auditLog?: Log;
  readonly telemetry?: TelemetrySettings;
  readonly awaitStore?: boolean;
}

/** Opens a bench; `yaml` is configuration below the store's and the ports'. */
export async function producerBench(yaml = '', options: ProducerBenchOptions = {}): Promise<ProducerBench> {
  const clock = options.clock ?? systemClock;
  const base = 'http: {port: 0, healthPort: 0, deadlineMs: 500}\nqueues: {work: {}, sums: {}}\n';
  const queues = queueBench(yaml.includes('http:') ? yaml : `${base}${yaml}`, options.store, clock);
  const store = options.awaitStore === false ? queues.openStore() : await queues.store();
  const producer = createProducer(queues.config, {
    store,
    handlers: await loadHandlers(SUMS),
    clock,
    log: options.log ?? silentLog,
    tokens: options.tokens ?? null,
    ...(options.auditLog && { auditLog: options.auditLog }),
    ...(options.telemetry && { telemetry: options.telemetry }),
  });
  await producer.start();
  const { port } = producer.address();
  const url = `http://127.0.0.1:${port}`;
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    replyOf(
      await fetch(`${url}${path}`, {
        method,
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    );
  return {
    queues,
    producer,
    store,
    url,
    port,
    healthUrl: `http://127.0.0.1:${producer.healthAddress().port}`,
    call,
    post: (queue, body, headers) => call('POST', `/v1/queues/${queue}/jobs`, body, headers),
    async close() {
      await producer.stop();
      await queues.close();
    },
  };
}
