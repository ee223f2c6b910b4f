import { type SamplingPolicy, samplingPolicy } from '../sampling.ts';
import type { Attributes } from '../span-record.ts';

export type OtlpProtocol = 'http/protobuf' | 'http/json' | 'grpc';

/** Where a signal goes over OTLP, and how. */
export interface OtlpTarget {
  readonly exporter: 'otlp';
  readonly protocol: OtlpProtocol;
  /** With its path for HTTP; without for grpc. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  readonly timeoutMs: number;
  /** Files (PEM): whom to trust, and who we are; null: the system's, nobody. */
  readonly caFile: string | null;
  readonly keyFile: string | null;
  readonly certFile: string | null;
  /** grpc without TLS. */
  readonly isInsecure: boolean;
}

/** Where a signal goes. */
export type SignalTarget = OtlpTarget | { readonly exporter: 'console' };

export type MetricsTarget = SignalTarget & {
  readonly intervalMs: number;
  readonly exportTimeoutMs: number;
  readonly temporality: 'cumulative' | 'delta' | 'lowmemory';
};

/** Bounds of what waits to be sent: the batch span processor's variables. */
export interface BatchSettings {
  readonly maxQueued: number;
  readonly maxBatch: number;
  readonly delayMs: number;
  readonly timeoutMs: number;
}

/** What the specification lets a user cut spans to. */
export interface SpanLimits {
  /** Characters of a text attribute; Infinity: uncut. */
  readonly valueLength: number;
  readonly attributes: number;
  readonly events: number;
  readonly links: number;
}

export interface TelemetrySettings {
  /** Null: no spans, and nothing of the SDK is loaded for them. */
  readonly traces: SignalTarget | null;
  readonly metrics: MetricsTarget | null;
  readonly sampling: SamplingPolicy;
  readonly resource: Attributes;
  readonly batch: BatchSettings;
  readonly limits: SpanLimits;
  /** What is read from callers and handed on to whom a handler calls. */
  readonly propagators: { readonly traceContext: boolean; readonly baggage: boolean };
  /** Which libraries are watched inside of handlers, without their doing. */
  readonly instrumentations: readonly InstrumentationName[];
}

/** `undici` is `fetch` too. */
export type InstrumentationName = 'undici' | 'http' | 'ioredis';
export const INSTRUMENTATIONS: readonly InstrumentationName[] = ['undici', 'http', 'ioredis'];
/** The others patch what handlers load, and a command of `ioredis` costs less than its span: who wants them names them. */
export const INSTRUMENTATIONS_UNASKED: readonly InstrumentationName[] = ['undici'];

/** Who tells of itself: `service.name` unless `OTEL_SERVICE_NAME` or the resource's attributes say otherwise. */
export interface ServiceIdentity {
  readonly name: string;
  readonly version: string;
  /** `service.instance.id`: a start, a pod. */
  readonly instance: string;
}

/** Share of jobs that the hash keeps, unless `OTEL_TRACES_SAMPLER_ARG` says otherwise. */
export const DEFAULT_HASH_RATE = 0.01;

/** Tells nobody anything. */
export const TELEMETRY_OFF: TelemetrySettings = {
  traces: null,
  metrics: null,
  sampling: samplingPolicy('never', 0),
  resource: {},
  batch: { maxQueued: 2048, maxBatch: 512, delayMs: 5000, timeoutMs: 30_000 },
  limits: { valueLength: Number.POSITIVE_INFINITY, attributes: 128, events: 128, links: 128 },
  propagators: { traceContext: true, baggage: true },
  instrumentations: [],
};
