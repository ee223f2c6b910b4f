/*
 * What a user of stock BullMQ adds to see its jobs in traces: bullmq-otel on the SDK's own batch processor and exporter of
 * OTLP/protobuf, always on, with its context manager. The one place of the benches that knows them.
 */
// biome-ignore-start lint/correctness/noUndeclaredDependencies: the stock side's own, installed for the benches alone.
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { BullMQOtel } from 'bullmq-otel';
// biome-ignore-end lint/correctness/noUndeclaredDependencies: see above.

/** Where spans go, and how many may wait. */
export interface StockExport {
  /** Base URL of a collector that takes OTLP over HTTP. */
  readonly endpoint: string;
  readonly queueSize: number;
  readonly batchSize: number;
  readonly delayMs: number;
}

/** Stock telemetry of one process. */
export interface StockTelemetry {
  /** For `telemetry` of a Worker's options. */
  readonly telemetry: BullMQOtel;
  /** Sends what is still waiting. */
  flush(): Promise<void>;
}

/** Starts it for the whole process. */
export function startStockTelemetry(settings: StockExport): StockTelemetry {
  const provider = new TracerProvider({
    sampler: new AlwaysOnSampler(),
    resource: resourceFromAttributes({ 'service.name': 'stock' }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${settings.endpoint}/v1/traces` }),
        maxQueueSize: settings.queueSize,
        maxExportBatchSize: settings.batchSize,
        scheduledDelayMillis: settings.delayMs,
      }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  return { telemetry: new BullMQOtel({ tracerName: 'bullmq' }), flush: () => provider.forceFlush() };
}
