import { validateHeaderName, validateHeaderValue } from 'node:http';
import { type Reading, readPairs } from './reading.ts';
import type { OtlpProtocol, OtlpTarget, SignalTarget } from './settings.ts';

type Signal = 'TRACES' | 'METRICS';

const EXPORTERS = ['otlp', 'console', 'none'] as const;
const PROTOCOLS: readonly OtlpProtocol[] = ['http/protobuf', 'http/json', 'grpc'];

/**
 * Where a signal goes; null: nowhere. Unlike the specification's default (OTLP to localhost), nothing set means
 * nowhere: nobody is sent anything unasked.
 */
export function readTarget(reading: Reading, signal: Signal): SignalTarget | null {
  const exporter = readExporter(reading, signal);
  const endpoint = reading.text(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  if (exporter === 'none' || (exporter === null && endpoint === undefined)) return null;
  return exporter === 'console' ? { exporter } : readOtlp(reading, signal);
}

function readExporter(reading: Reading, signal: Signal): (typeof EXPORTERS)[number] | null {
  const name = `OTEL_${signal}_EXPORTER`;
  // `prometheus` asks for what every service serves anyway.
  const named = (reading.text(name) ?? '').split(',').map((each) => each.trim().toLowerCase());
  const others = named.filter((each) => each !== '' && !(signal === 'METRICS' && each === 'prometheus'));
  if (others.length === 0) return named.includes('prometheus') ? 'none' : null;
  const known = EXPORTERS.find((each) => each === others[0]);
  if (known && others.length === 1) return known;
  const allowed = signal === 'METRICS' ? 'otlp, console, prometheus, none' : EXPORTERS.join(', ');
  reading.refuse(name, `is '${others.join(',')}'; must be one of ${allowed}`);
  return null;
}

function readOtlp(reading: Reading, signal: Signal): OtlpTarget {
  const own = (what: string) => [`OTEL_EXPORTER_OTLP_${signal}_${what}`, `OTEL_EXPORTER_OTLP_${what}`];
  const protocol = reading.choice(PROTOCOLS, 'http/protobuf', ...own('PROTOCOL'));
  return {
    exporter: 'otlp',
    protocol,
    url: readUrl(reading, signal, protocol),
    headers: {
      ...readHeaders(reading, 'OTEL_EXPORTER_OTLP_HEADERS'),
      ...readHeaders(reading, ...own('HEADERS')),
    },
    compression: reading.choice(['gzip', 'none'], 'none', ...own('COMPRESSION')),
    timeoutMs: reading.whole(10_000, 1, ...own('TIMEOUT')),
    caFile: reading.file(...own('CERTIFICATE')),
    keyFile: reading.file(...own('CLIENT_KEY')),
    certFile: reading.file(...own('CLIENT_CERTIFICATE')),
    isInsecure: reading.isTrue(...own('INSECURE')),
  };
}

/** Headers that no request may carry would fail every export. */
function readHeaders(reading: Reading, ...names: string[]): Record<string, string> {
  const headers = readPairs(reading, ...names);
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      reading.refuse(
        reading.nameOf(...names),
        `holds ${JSON.stringify(name)}, which is no header with its value`,
      );
    }
  }
  return headers;
}

/** A signal's own endpoint is taken as it is; the common one gets the signal's path (OTLP exporter specification). */
function readUrl(reading: Reading, signal: Signal, protocol: OtlpProtocol): string {
  const own = reading.text(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`);
  const common = reading.text('OTEL_EXPORTER_OTLP_ENDPOINT');
  const fallback = protocol === 'grpc' ? 'http://localhost:4317' : 'http://localhost:4318';
  const name = own === undefined ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`;
  const base = own ?? common ?? fallback;
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    reading.refuse(name, `is '${base}'; must be a URL that begins with http:// or https://`);
    return fallback;
  }
  if (own !== undefined || protocol === 'grpc') return base;
  // The signal's path would stand behind them.
  if (/[?#]/.test(base)) {
    reading.refuse(name, `is '${base}'; must have no query: give each signal's own endpoint one`);
    return fallback;
  }
  return `${base.replace(/\/+$/, '')}/v1/${signal.toLowerCase()}`;
}
