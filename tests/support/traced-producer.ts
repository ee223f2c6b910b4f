import { readTelemetrySettings } from '@millrace/telemetry';
import { type OtlpSink, otlpSink } from './otlp-sink.ts';
import { type ProducerBench, type ProducerBenchOptions, producerBench } from './producer.ts';

/** A client's span, as W3C headers name it. */
export const CLIENT = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
export const SAMPLED = { traceparent: `00-${CLIENT.traceId}-${CLIENT.spanId}-01` };
export const UNSAMPLED = { traceparent: `00-${CLIENT.traceId}-${CLIENT.spanId}-00` };

/** A producer that exports to a sink of its own at once. */
export interface TracedProducer extends ProducerBench {
  readonly sink: OtlpSink;
  /** The options of a job as they are stored. */
  stored(id: string, queue?: string): Promise<Record<string, unknown>>;
}

/** The hash keeps nothing unless `env` says otherwise, so that each test sees only what it asked for. */
export async function tracedProducer(
  env: Readonly<Record<string, string>> = {},
  yaml = '',
  options: ProducerBenchOptions = {},
): Promise<TracedProducer> {
  const sink = await otlpSink();
  const telemetry = readTelemetrySettings(
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_BSP_SCHEDULE_DELAY: '1',
      ...(env.OTEL_TRACES_SAMPLER === undefined && { OTEL_TRACES_SAMPLER_ARG: '0' }),
      ...env,
    },
    { name: 'millrace-producer', version: '1', instance: 'p1' },
  );
  const bench = await producerBench(yaml, { ...options, telemetry });
  return {
    ...bench,
    sink,
    async stored(id, queue = 'work') {
      const { redis, prefix } = bench.queues;
      return JSON.parse((await redis.hget(`${prefix}:${queue}:${id}`, 'opts')) ?? '{}');
    },
    async close() {
      await bench.close();
      await sink.close();
    },
  };
}

/** The parts of a `traceparent` or `traceresponse`. */
export function placeIn(header: string | null) {
  const [, traceId = '', spanId = '', flags = ''] = header?.split('-') ?? [];
  return { traceId, spanId, isSampled: flags === '01' };
}
