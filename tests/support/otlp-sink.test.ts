import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { emptyResource, resourceFromAttributes } from '@opentelemetry/resources';
import { afterEach, expect, test } from 'vitest';
import { type OtlpSink, otlpSink } from './otlp-sink.ts';

type StockSpan = Parameters<NonNullable<typeof ProtobufTraceSerializer.serializeRequest>>[0][number];

const SPAN = {
  name: 'process work',
  kind: 4,
  spanContext: () => ({ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 }),
  parentSpanContext: { traceId: 'ab'.repeat(16), spanId: 'ef'.repeat(8), traceFlags: 1 },
  startTime: [1_790_000_000, 123_456_000],
  endTime: [1_790_000_001, 1_000],
  status: { code: 2, message: 'too bad' },
  attributes: { text: 'ü', whole: -7, broken: 0.25, yes: true, list: ['a', 'b'] },
  links: [
    {
      context: { traceId: '12'.repeat(16), spanId: '34'.repeat(8), traceFlags: 1 },
      attributes: { why: 'x' },
    },
  ],
  events: [{ name: 'exception', time: [1_790_000_000, 500_000_000], attributes: { 'exception.type': 'E' } }],
  duration: [0, 0],
  ended: true,
  resource: resourceFromAttributes({ 'service.name': 'here' }) ?? emptyResource(),
  instrumentationScope: { name: 'scope' },
  droppedAttributesCount: 0,
  droppedEventsCount: 0,
  droppedLinksCount: 0,
} as unknown as StockSpan;

let sink: OtlpSink | undefined;
afterEach(async () => sink?.close());

test.each([
  ['application/x-protobuf', ProtobufTraceSerializer],
  ['application/json', JsonTraceSerializer],
] as const)('%s, as the stock SDK writes it, is read to the last field', async (type, serializer) => {
  sink = await otlpSink();
  const body = Buffer.from(serializer.serializeRequest([SPAN]) as Uint8Array);
  await fetch(`${sink.url}/v1/traces`, { method: 'POST', headers: { 'content-type': type }, body });
  expect(await sink.until(1)).toEqual([
    {
      resource: { 'service.name': 'here' },
      scope: 'scope',
      traceId: 'ab'.repeat(16),
      spanId: 'cd'.repeat(8),
      parentSpanId: 'ef'.repeat(8),
      traceState: '',
      name: 'process work',
      kind: 'consumer',
      startUs: 1_790_000_000_123_456,
      endUs: 1_790_000_001_000_001,
      attributes: { text: 'ü', whole: -7, broken: 0.25, yes: true, list: ['a', 'b'] },
      events: [{ name: 'exception', atUs: 1_790_000_000_500_000, attributes: { 'exception.type': 'E' } }],
      links: [{ traceId: '12'.repeat(16), spanId: '34'.repeat(8), attributes: { why: 'x' } }],
      status: 'error',
      statusMessage: 'too bad',
    },
  ]);
});
