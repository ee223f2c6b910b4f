import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '@millrace/core';
import { spansOfJson } from './otlp-json.ts';
import { spansOfProtobuf } from './otlp-protobuf.ts';

export type SeenValue = string | number | boolean | null | readonly SeenValue[];
export type SeenAttributes = Readonly<Record<string, SeenValue>>;

/** A span as a collector was sent it. Times are µs since 1970. */
export interface SeenSpan {
  readonly resource: SeenAttributes;
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly traceState: string;
  readonly name: string;
  readonly kind: 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly startUs: number;
  readonly endUs: number;
  readonly attributes: SeenAttributes;
  readonly events: readonly {
    readonly name: string;
    readonly atUs: number;
    readonly attributes: SeenAttributes;
  }[];
  readonly links: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes: SeenAttributes;
  }[];
  readonly status: 'unset' | 'ok' | 'error';
  readonly statusMessage: string;
}

/** One export; `body` is as it was before it was compressed. */
export interface SeenExport {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A collector on loopback that takes OTLP over HTTP, protobuf or JSON, and tells what it was sent. */
export interface OtlpSink {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly spans: readonly SeenSpan[];
  readonly exports: readonly SeenExport[];
  /** Spans by name, in the order in which they came. */
  named(name: string): SeenSpan[];
  /** Resolves with all spans once there are `enough`: a number, or what they must be like. */
  until(
    enough: number | ((spans: readonly SeenSpan[]) => boolean),
    withinMs?: number,
  ): Promise<readonly SeenSpan[]>;
  /** What exports are answered from now on; 200 at first. Refused ones are kept in `exports` alone. */
  answer(status: number, headers?: Record<string, string>): void;
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const bytes = await buffer(request);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
}

function spansOf({ path, headers, body }: SeenExport): SeenSpan[] {
  if (path !== '/v1/traces') return [];
  return headers['content-type'] === 'application/json'
    ? spansOfJson(body.toString('utf8'))
    : spansOfProtobuf(body);
}

/** Starts a sink; `port` 0 takes a free one. */
export async function otlpSink(port = 0): Promise<OtlpSink> {
  const spans: SeenSpan[] = [];
  const exports: SeenExport[] = [];
  let answer: { status: number; headers: Record<string, string> } = { status: 200, headers: {} };
  const server = createServer(async (request, response) => {
    const { url: path = '', headers } = request;
    const seen = { path, headers, body: await bodyOf(request) };
    exports.push(seen);
    const type = headers['content-type'] ?? '';
    try {
      if (answer.status === 200) spans.push(...spansOf(seen));
      response.writeHead(answer.status, { 'content-type': type, ...answer.headers });
      // An empty message says that all was taken.
      response.end(type === 'application/json' ? '{}' : '');
    } catch (error) {
      response.writeHead(400, { 'content-type': 'text/plain' }).end(String(error));
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    exports,
    named: (name) => spans.filter((span) => span.name === name),
    async until(enough, withinMs = 20_000) {
      const isEnough = typeof enough === 'number' ? () => spans.length >= enough : () => enough(spans);
      const end = systemClock.monotonicMs() + withinMs;
      while (!isEnough()) {
        if (systemClock.monotonicMs() > end) {
          const names = spans.map(({ name }) => name).join(', ');
          throw new Error(`waited ${withinMs} ms in vain for spans; there are ${spans.length}: ${names}`);
        }
        await systemClock.sleep(5);
      }
      return spans;
    },
    answer(status, headers = {}) {
      answer = { status, headers };
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
