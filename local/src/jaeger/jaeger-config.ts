/** Ports of a Jaeger; each on loopback alone. */
export interface JaegerPorts {
  /** Its pages and `/api/v3`. */
  readonly http: number;
  /** OTLP over HTTP and over gRPC. */
  readonly otlpHttp: number;
  readonly otlpGrpc: number;
}

/** Where Jaeger listens unless told otherwise: who knows it, finds it. */
export const USUAL_PORTS: JaegerPorts = { http: 16_686, otlpHttp: 4_318, otlpGrpc: 4_317 };

/** It keeps so many traces in memory; the oldest go first. About 2 KiB each for a job of four spans. */
const MAX_TRACES = 50_000;
/** A trace is to be seen soon after its end. */
const BATCH_MS = 200;

/** The configuration of a Jaeger 2 that takes OTLP and keeps traces in memory, bounded, as its file holds it. */
export function jaegerConfig(ports: JaegerPorts): string {
  const at = (port: number) => ({ endpoint: `127.0.0.1:${port}` });
  const config = {
    service: {
      extensions: ['jaeger_storage', 'jaeger_query'],
      pipelines: {
        traces: { receivers: ['otlp'], processors: ['batch'], exporters: ['jaeger_storage_exporter'] },
      },
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
    },
    receivers: { otlp: { protocols: { http: at(ports.otlpHttp), grpc: at(ports.otlpGrpc) } } },
    processors: { batch: { timeout: `${BATCH_MS}ms` } },
    exporters: { jaeger_storage_exporter: { trace_storage: 'memory' } },
    extensions: {
      jaeger_storage: { backends: { memory: { memory: { max_traces: MAX_TRACES } } } },
      // Its traces of itself would go to a collector that nobody has, and hold up its end.
      jaeger_query: {
        storage: { traces: 'memory' },
        enable_tracing: false,
        http: at(ports.http),
        grpc: at(0),
      },
    },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
