import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const TELEMETRY = new URL('./index.ts', import.meta.url).href;
const HANDLER_SPANS = new URL('./handler-spans/index.ts', import.meta.url).href;
const CORE = import.meta.resolve('@millrace/core');

/** A process with everything that a service has of telemetry; answers the OpenTelemetry packages that it loaded. */
const SCRIPT = `
import { registerHooks } from 'node:module';
const loaded = new Set();
registerHooks({
  load(url, context, next) {
    const name = /node_modules\\/(@opentelemetry\\/[^/]+|@grpc\\/[^/]+)/.exec(url)?.[1];
    if (name) loaded.add(name);
    return next(url, context);
  },
});
const { silentLog, systemClock } = await import('${CORE}');
const telemetry = await import('${TELEMETRY}');
const settings = telemetry.readTelemetrySettings(process.env, { name: 'x', version: '1', instance: 'y' });
const exporter = telemetry.createSpanExport(settings, { clock: systemClock, log: silentLog });
const tracing = (await import('${HANDLER_SPANS}')).createHandlerTracing(settings, {
  log: silentLog, sink: (records) => exporter.add(records),
});
await exporter.start();
await tracing.start();
const scope = tracing.open(() => { throw new Error('nobody asked'); });
tracing.run(scope, () => undefined);
tracing.settle(scope, true);
await tracing.stop();
await exporter.stop();
process.stdout.write(JSON.stringify([...loaded].sort()));
`;

async function loadedWith(env: Record<string, string>): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--no-warnings', '--eval', SCRIPT],
    { env },
  );
  return JSON.parse(stdout);
}

describe('telemetry that is off', { timeout: 60_000 }, () => {
  test.each([{}, { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }])(
    'loads no SDK and no exporter: %j',
    async (env) => {
      expect(await loadedWith(env)).toEqual(['@opentelemetry/api']);
    },
  );

  test('and one that is on loads what it needs, and no more', async () => {
    const loaded = await loadedWith({ OTEL_TRACES_EXPORTER: 'otlp' });
    expect(loaded).toEqual(
      expect.arrayContaining([
        '@opentelemetry/sdk-trace',
        '@opentelemetry/otlp-exporter-base',
        '@opentelemetry/instrumentation-undici',
      ]),
    );
    expect(loaded.filter((name) => /grpc|instrumentation-(http|ioredis)/.test(name))).toEqual([]);
  });

  test('and of the instrumentations those that are named', async () => {
    const loaded = await loadedWith({
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,ioredis',
    });
    expect(loaded.filter((name) => /instrumentation-/.test(name))).toEqual([
      '@opentelemetry/instrumentation-http',
      '@opentelemetry/instrumentation-ioredis',
    ]);
  });
});
