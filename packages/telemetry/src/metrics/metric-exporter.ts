import { readFileSync } from 'node:fs';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { OtlpTarget, SignalTarget } from '../settings/settings.ts';

const fileOf = (file: string | null) => (file === null ? undefined : readFileSync(file));

function common({ url, compression, timeoutMs }: OtlpTarget) {
  const algorithm = compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE;
  return { url, compression: algorithm, timeoutMillis: timeoutMs };
}

function overHttp(target: OtlpTarget) {
  const { headers, caFile, certFile, keyFile } = target;
  const files = { ca: fileOf(caFile), cert: fileOf(certFile), key: fileOf(keyFile) };
  return { ...common(target), headers: { ...headers }, httpAgentOptions: { keepAlive: true, ...files } };
}

/** The stock exporter for that target; only its own protocol's modules are loaded. */
export async function openExporter(target: SignalTarget): Promise<PushMetricExporter> {
  if (target.exporter === 'console') {
    return new (await import('@opentelemetry/sdk-metrics')).ConsoleMetricExporter();
  }
  switch (target.protocol) {
    case 'grpc': {
      const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-grpc');
      // Its headers and credentials it reads out of the same variables as our settings.
      return new OTLPMetricExporter(common(target));
    }
    case 'http/json': {
      const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-http');
      return new OTLPMetricExporter(overHttp(target));
    }
    case 'http/protobuf': {
      const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto');
      return new OTLPMetricExporter(overHttp(target));
    }
    default:
      return target.protocol satisfies never;
  }
}
