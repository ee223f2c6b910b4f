import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './queue.ts';
import { freePort } from './store-setup.ts';

/** A span as the query API answers it: OTLP in JSON. */
export interface JaegerSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** OTLP's number: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: Readonly<Record<string, unknown>>;
  /** `service.name` of its resource. */
  readonly service: string;
}

/** A real Jaeger, in memory, on ports of its own. */
export interface Jaeger {
  readonly otlpUrl: string;
  readonly otlpGrpcUrl: string;
  readonly queryUrl: string;
  /** All spans of a trace, by their start; none for one that it does not know. */
  trace(traceId: string): Promise<readonly JaegerSpan[]>;
  /** The trace once `enough` of it is there. */
  traceOnce(
    traceId: string,
    enough: (spans: readonly JaegerSpan[]) => boolean,
  ): Promise<readonly JaegerSpan[]>;
  /** The newest traces, at most `limit`, that hold a span of that name. */
  search(spanName: string, limit: number): Promise<readonly (readonly JaegerSpan[])[]>;
  close(): Promise<void>;
}

/** Whether there is a `jaeger` on the PATH. */
export function hasJaeger(): boolean {
  try {
    execFileSync('jaeger', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

type RawValue = Readonly<Record<string, unknown>>;
interface RawSpan extends Omit<JaegerSpan, 'attributes' | 'service'> {
  readonly attributes?: readonly { readonly key: string; readonly value: RawValue }[];
}
interface RawResource {
  readonly resource?: { readonly attributes?: RawSpan['attributes'] };
  readonly scopeSpans?: readonly { readonly spans?: readonly RawSpan[] }[];
}

function attributesOf(list: RawSpan['attributes'] = []): Record<string, unknown> {
  return Object.fromEntries(
    list.map(({ key, value }) => [
      key,
      'intValue' in value ? Number(value.intValue) : Object.values(value)[0],
    ]),
  );
}

function spansOf(resources: readonly RawResource[]): JaegerSpan[] {
  return resources.flatMap(({ resource, scopeSpans = [] }) => {
    const service = String(attributesOf(resource?.attributes)['service.name']);
    return scopeSpans.flatMap(({ spans = [] }) =>
      spans.map((span) => ({ ...span, attributes: attributesOf(span.attributes), service })),
    );
  });
}

const byStart = (a: JaegerSpan, b: JaegerSpan) =>
  Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano));

function configOf(http: number, grpc: number, query: number, queryGrpc: number): string {
  return `
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines: { traces: { receivers: [otlp], exporters: [jaeger_storage_exporter] } }
  telemetry: { metrics: { level: none }, logs: { level: warn } }
extensions:
  jaeger_query:
    storage: { traces: memory }
    http: { endpoint: '127.0.0.1:${query}' }
    grpc: { endpoint: '127.0.0.1:${queryGrpc}' }
  jaeger_storage: { backends: { memory: { memory: { max_traces: 100000 } } } }
receivers:
  otlp: { protocols: { http: { endpoint: '127.0.0.1:${http}' }, grpc: { endpoint: '127.0.0.1:${grpc}' } } }
exporters: { jaeger_storage_exporter: { trace_storage: memory } }
`;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Starts a Jaeger and waits until it answers. */
export async function startJaeger(): Promise<Jaeger> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-jaeger-'));
  const [http, grpc, query, queryGrpc] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const file = join(dir, 'jaeger.yaml');
  await writeFile(file, configOf(http, grpc, query, queryGrpc));
  const child = spawn('jaeger', ['--config', file], { stdio: 'ignore' });
  const queryUrl = `http://127.0.0.1:${query}`;
  const answers = () =>
    fetch(`${queryUrl}/api/v3/services`).then(
      (answer) => answer.ok,
      () => false,
    );
  await until(answers, 'Jaeger answers');

  async function trace(traceId: string): Promise<readonly JaegerSpan[]> {
    const answer = await fetch(`${queryUrl}/api/v3/traces/${traceId}`);
    if (answer.status === 404) return [];
    const { result } = (await answer.json()) as { result: { resourceSpans?: readonly RawResource[] } };
    return spansOf(result.resourceSpans ?? []).sort(byStart);
  }
  return {
    otlpUrl: `http://127.0.0.1:${http}`,
    otlpGrpcUrl: `http://127.0.0.1:${grpc}`,
    queryUrl,
    trace,
    async traceOnce(traceId, enough) {
      let spans: readonly JaegerSpan[] = [];
      const isThere = async () => {
        spans = await trace(traceId);
        return enough(spans);
      };
      await until(isThere, `trace ${traceId} is whole`).catch((error: Error) => {
        throw new Error(`${error.message}; it holds ${JSON.stringify(spans, null, 1)}`);
      });
      return spans;
    },
    async search(spanName, limit) {
      const query = new URLSearchParams({
        'query.service_name': 'millrace-worker',
        'query.operation_name': spanName,
        'query.start_time_min': '2000-01-01T00:00:00Z',
        'query.start_time_max': '2100-01-01T00:00:00Z',
        'query.num_traces': String(limit),
      });
      const answer = await fetch(`${queryUrl}/api/v3/traces?${query}`);
      if (answer.status === 404) return [];
      const { result } = (await answer.json()) as { result: { resourceSpans?: readonly RawResource[] } };
      const spans = spansOf(result.resourceSpans ?? []).sort(byStart);
      return [...Map.groupBy(spans, ({ traceId }) => traceId).values()];
    },
    async close() {
      await end(child);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
