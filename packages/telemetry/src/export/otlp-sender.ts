import { readFile } from 'node:fs/promises';
import { MillraceError, messageOf } from '@millrace/core';
import type { OtlpTarget } from '../settings/settings.ts';

/** One export: what is sent, and how many spans it holds. */
export interface Request {
  readonly body: Uint8Array;
  readonly count: number;
}

/** Sends requests to a collector with OpenTelemetry's own delegates: retries, time limits, compression, TLS. */
export interface OtlpSender {
  /** Resolves with how many the collector refused; rejects with what went wrong. Never more than one at a time. */
  send(request: Request): Promise<number>;
  /** Whether nobody looks at the body of a request any more. An answer may come before all of its request has left. */
  isIdle(): boolean;
  /** Ends what is under way. */
  close(): void;
}

const GRPC_SERVICE = 'TraceExportService';
const GRPC_PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const COMPONENT = { http: 'otlp_http_span_exporter', grpc: 'otlp_grpc_span_exporter' } as const;
const HELPER = { name: 'span', countItems: ({ count }: Request) => count } as const;
/** Requests follow each other, so that they arrive in order and memory is bounded by one. */
const CONNECTIONS = 1;
/** A delegate counts a request until just after it told its end, and refuses one that follows at once: so one more. */
const CONCURRENCY = CONNECTIONS + 1;

/** Opens a sender; only here are the modules of OTLP loaded. Throws `config_invalid` for a certificate that cannot be read. */
export async function openOtlpSender(target: OtlpTarget): Promise<OtlpSender> {
  const { JsonTraceSerializer, ProtobufTraceSerializer } = await import('@opentelemetry/otlp-transformer');
  const responses = target.protocol === 'http/json' ? JsonTraceSerializer : ProtobufTraceSerializer;
  let refused = 0;
  const serializer = {
    serializeRequest: ({ body }: Request) => body,
    deserializeResponse(data: Uint8Array) {
      const response = data.length === 0 ? {} : responses.deserializeResponse(data);
      refused = Number(response.partialSuccess?.rejectedSpans ?? 0);
      return response;
    },
  };
  const tls = await readTls(target);
  const open = target.protocol === 'grpc' ? openGrpc : openHttp;
  const { delegate, isIdle, close } = await open(target, serializer, tls);
  return {
    send(request) {
      refused = 0;
      return new Promise((resolve, reject) => {
        delegate.export(request, (result) =>
          result.error || result.code !== 0 ? reject(result.error ?? new Error('refused')) : resolve(refused),
        );
      });
    },
    isIdle,
    close,
  };
}

interface Tls {
  readonly ca?: Buffer;
  readonly key?: Buffer;
  readonly cert?: Buffer;
}

async function readTls({ caFile, keyFile, certFile }: OtlpTarget): Promise<Tls> {
  const [ca, key, cert] = await Promise.all(
    [caFile, keyFile, certFile].map((file) => (file === null ? undefined : readPem(file))),
  );
  return { ...(ca && { ca }), ...(key && { key }), ...(cert && { cert }) };
}

async function readPem(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const sentence = `Let OTEL_EXPORTER_OTLP_… name files that can be read: ${messageOf(cause)}.`;
    throw new MillraceError('config_invalid', sentence, { cause });
  }
}

interface Serializer {
  serializeRequest(request: Request): Uint8Array;
  deserializeResponse(data: Uint8Array): object;
}

async function openHttp(target: OtlpTarget, serializer: Serializer, tls: Tls) {
  const { createOtlpHttpExportDelegate } = await import('@opentelemetry/otlp-exporter-base/node-http');
  const { Agent } = target.url.startsWith('https:') ? await import('node:https') : await import('node:http');
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, ...tls });
  const contentType = target.protocol === 'http/json' ? 'application/json' : 'application/x-protobuf';
  let isClosed = false;
  const delegate = createOtlpHttpExportDelegate(
    {
      url: target.url,
      timeoutMillis: target.timeoutMs,
      concurrencyLimit: CONCURRENCY,
      compression: target.compression,
      agentFactory: () => agent,
      headers: async () => {
        // The delegate asks before every try: this is where its retries end.
        if (isClosed) throw new Error('the exporter was stopped');
        return { ...target.headers, 'Content-Type': contentType };
      },
    },
    serializer,
    COMPONENT.http,
    HELPER,
    undefined,
  );
  const close = () => {
    isClosed = true;
    agent.destroy();
  };
  // A connection is free when its request has left in whole and was answered.
  return { delegate, isIdle: () => Object.keys(agent.sockets).length === 0, close };
}

async function openGrpc(target: OtlpTarget, serializer: Serializer, tls: Tls) {
  const grpc = await import('@opentelemetry/otlp-grpc-exporter-base');
  const url = new URL(target.url);
  const isPlain = url.protocol === 'http:' || target.isInsecure;
  const delegate = grpc.createOtlpGrpcExportDelegate(
    {
      url: url.host,
      timeoutMillis: target.timeoutMs,
      concurrencyLimit: CONCURRENCY,
      compression: target.compression,
      credentials: () =>
        isPlain ? grpc.createInsecureCredentials() : grpc.createSslCredentials(tls.ca, tls.key, tls.cert),
      metadata: () => {
        const metadata = grpc.createEmptyMetadata();
        for (const [key, value] of Object.entries(target.headers)) metadata.set(key, value);
        return metadata;
      },
    },
    serializer,
    COMPONENT.grpc,
    HELPER,
    undefined,
    GRPC_SERVICE,
    GRPC_PATH,
  );
  // grpc-js sends a copy.
  return { delegate, isIdle: () => true, close: () => void delegate.shutdown().catch(() => undefined) };
}
