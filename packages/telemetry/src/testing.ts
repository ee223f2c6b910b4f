import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { readTelemetrySettings } from './settings/read-settings.ts';
import type { TelemetrySettings } from './settings/settings.ts';
import type { SpanRecord } from './span-record.ts';

/** Settings as a service would read them. */
export function settingsOf(env: Readonly<Record<string, string>>): TelemetrySettings {
  return readTelemetrySettings(env, { name: 'millrace-test', version: '0.1.0', instance: 'one' });
}

export const SPAN: SpanRecord = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentSpanId: '00f067aa0ba902b7',
  traceState: 'congo=t61rcWkgMzE',
  name: 'process images',
  kind: 'consumer',
  startUs: 1_790_000_000_123_457,
  endUs: 1_790_000_000_223_459,
  attributes: {
    'messaging.system': 'bullmq',
    'messaging.message.id': 'żółw-1',
    'millrace.wait_us': -3,
    'millrace.total_us': 1_790_000_000_123_457,
    'millrace.sampling.weight': 99.5,
    ok: true,
    no: false,
    names: ['a', 'b'],
    long: 'x'.repeat(20_000),
    empty: '',
  },
  links: [{ traceId: '0af7651916cd43dd8448eb211c80319d', spanId: 'b7ad6b7169203332', attributes: { n: 1 } }],
  events: [{ name: 'exception', atUs: 1_790_000_000_200_001, attributes: { 'exception.type': 'Error' } }],
  error: 'out of ink',
};

/** A span with what it shares among its own attributes. */
export const whole = ({ shared, ...span }: SpanRecord): SpanRecord => ({
  ...span,
  attributes: { ...shared, ...span.attributes },
});

/** A request that a test's collector has taken. */
export interface Taken {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A collector that keeps what it is sent and answers as told. */
type Answer = { readonly status: number; readonly body?: Uint8Array };

export async function fakeCollector(
  answer: () => Answer | Promise<Answer> = () => ({ status: 200 }),
  tls?: ServerOptions,
) {
  const taken: Taken[] = [];
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    taken.push({ url: request.url ?? '', headers: request.headers, body });
    const { status, body: said } = await answer();
    // Long ago: a retry need not wait its second.
    const headers = {
      'content-type': 'application/x-protobuf',
      'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT',
    };
    response.writeHead(status, headers).end(said);
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken,
    close,
  };
}
