import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { testStore } from '../../../../tests/support/store.ts';
import type { SpanRecord } from '../span-record.ts';
import { fakeCollector } from '../testing.ts';

const TELEMETRY = new URL('../index.ts', import.meta.url).href;
const HANDLER_SPANS = new URL('./index.ts', import.meta.url).href;
const CORE = import.meta.resolve('@millrace/core');
const HANDLER = new URL('../../../../tests/fixtures/handlers/watched/_calls.ts', import.meta.url).href;
const PLACE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

/**
 * A process that runs a handler, and exports its spans, since what is watched is patched for a whole process. The same calls
 * are made before the handler, as it is loaded, and after everything has stopped.
 */
const SCRIPT = `
const { silentLog, systemClock } = await import('${CORE}');
const telemetry = await import('${TELEMETRY}');
const { OWN_COPY, DATA } = process.env;
if (OWN_COPY) await import(OWN_COPY);
const settings = telemetry.readTelemetrySettings(process.env, { name: 'x', version: '1', instance: 'y' });
const exporter = telemetry.createSpanExport(settings, { clock: systemClock, log: silentLog });
const spans = [];
const sink = (records) => {
  spans.push(...records);
  exporter.add(records);
};
const tracing = (await import('${HANDLER_SPANS}')).createHandlerTracing(settings, { log: silentLog, sink });
await tracing.watch();
const { calls } = await import('${HANDLER}');
await exporter.start();
await tracing.start();
const data = JSON.parse(DATA);
await calls(data);
const scope = tracing.open(() => ({ place: ${JSON.stringify(PLACE)}, isSampled: true }));
await tracing.run(scope, () => calls(data));
tracing.settle(scope, true);
await exporter.stop();
await tracing.stop();
const again = tracing.open(() => { throw new Error('nobody asks'); });
await tracing.run(again, () => calls(data));
process.stdout.write(JSON.stringify(spans));
`;

vi.setConfig({ testTimeout: 60_000 });

let web: Awaited<ReturnType<typeof fakeCollector>>;
let collector: typeof web;
beforeEach(async () => {
  web = await fakeCollector();
  collector = await fakeCollector();
});
afterEach(async () => {
  await web.close();
  await collector.close();
});

async function spansOf(env: Record<string, string>): Promise<SpanRecord[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--no-warnings', '--eval', SCRIPT],
    {
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        DATA: JSON.stringify({ web: web.url, store: testStore().url }),
        ...env,
      },
    },
  );
  return JSON.parse(stdout);
}

const named = (names: string) => ({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: names });
/** What `url` was told each time: before the handler, by it, and after. */
const toldAt = (url: string) =>
  web.taken.filter((each) => each.url === url).map(({ headers }) => headers.traceparent);

test('http: a CLIENT span a request under the attempt, however it was imported, and none elsewhere', async () => {
  const spans = await spansOf(named('http'));
  const [first, second, third] = spans;
  const request = { ...PLACE, spanId: expect.any(String), parentSpanId: PLACE.spanId, kind: 'client' };
  expect(spans).toMatchObject([
    { ...request, name: 'GET' },
    { ...request, name: 'POST' },
    // Made as the second was answered, and not a part of it.
    { ...request, name: 'GET' },
  ]);
  expect(second?.attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.response.status_code': 200,
    'server.address': '127.0.0.1',
    'url.full': `${web.url}/second`,
  });
  for (const [url, span] of Object.entries({
    '/first': first,
    '/second?token=secret': second,
    '/third': third,
  }))
    expect(toldAt(url)).toEqual([undefined, `00-${PLACE.traceId}-${span?.spanId}-01`, undefined]);
  expect(JSON.stringify(spans)).not.toContain('secret');
  expect(collector.taken.map(({ url }) => url)).toEqual(['/v1/traces']);
});

test('ioredis: a CLIENT span a command of the handler’s own copy, without what it stores, and none elsewhere', async () => {
  const spans = await spansOf(named('ioredis'));
  const command = { ...PLACE, spanId: expect.any(String), parentSpanId: PLACE.spanId, kind: 'client' };
  expect(spans[0]).toMatchObject({ ...command, name: 'connect' });
  expect(spans.at(-1)).toMatchObject({
    ...command,
    name: 'set',
    attributes: {
      'db.system.name': 'redis',
      'db.operation.name': 'set',
      'db.query.text': 'set watched [3 other arguments]',
      'server.address': '127.0.0.1',
      'server.port': testStore().port,
    },
  });
  expect(spans.filter(({ name }) => name === 'set')).toHaveLength(1);
});

test('ioredis that was loaded before is Millrace’s own, and not watched', async () => {
  const OWN_COPY = import.meta.resolve('ioredis');
  expect(await spansOf({ ...named('ioredis'), OWN_COPY })).toEqual([]);
});

test.each([{}, named('redis,https,net')])('neither is watched unless it is named: %j', async (env) => {
  expect(await spansOf(env)).toEqual([]);
  expect(web.taken).toHaveLength(9);
});
