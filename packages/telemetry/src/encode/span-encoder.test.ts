import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { describe, expect, test } from 'vitest';
import { SPAN, settingsOf, whole } from '../testing.ts';
import { decodeSpans } from './decode.ts';
import { eachField } from './proto-reader.ts';
import { encodeSpans, protobufEnvelope } from './request.ts';
import { createSpanEncoder } from './span-encoder.ts';

/** The entries inside a request, with whatever stands around them. */
function entriesOf(request: Uint8Array): Buffer {
  let entries: Buffer = Buffer.alloc(0);
  const into = (bytes: Uint8Array, path: readonly number[]) =>
    eachField(bytes, (field, reader) => {
      if (field !== path[0]) return false;
      if (path.length === 1) entries = reader.bytes();
      else into(reader.bytes(), path.slice(1));
      return true;
    });
  into(request, [1, 2]);
  return entries;
}

/** `dropped_attributes_count` of each span. */
function droppedAttributesOf(entries: Uint8Array): number[] {
  const counts: number[] = [];
  eachField(entries, (field, reader) => {
    if (field !== 2) return false;
    eachField(reader.bytes(), (inner, value) => {
      if (inner !== 10) return false;
      counts.push(Number(value.varint()));
      return true;
    });
    return true;
  });
  return counts;
}

describe('encoding', () => {
  test('every field comes back as it went in', () => {
    const bare = { ...SPAN, parentSpanId: null, traceState: undefined, links: undefined, events: undefined };
    const plain = { ...bare, error: undefined, attributes: {}, kind: 'internal' } as const;
    const [first, second] = decodeSpans(encodeSpans([SPAN, { ...plain, links: [], events: [] }]));
    expect(first).toEqual(SPAN);
    expect(second).toEqual(plain);
  });

  test.each([
    ['over 2 MiB in one attribute', { attributes: { big: 'x'.repeat(3 * 2 ** 20) } }],
    ['over 2 MiB in all', { attributes: { a: 'x'.repeat(2 ** 20), b: 'x'.repeat(2 ** 20) } }],
    ['with a name that is none', { name: undefined as unknown as string }],
    ['from before 1970', { startUs: -1 }],
  ])('a span %s is left out, and harms none beside it', (_what, bad) => {
    const encoder = createSpanEncoder(settingsOf({}).limits);
    expect([SPAN, { ...SPAN, ...bad }, SPAN].map(encoder.add)).toEqual([true, false, true]);
    const { bytes, count } = encoder.take();
    expect([count, decodeSpans(bytes)]).toEqual([2, [SPAN, SPAN]]);
  });

  test.each([0, 1, 127, 20_000])(
    'of spans that lie one behind another, %i more, a request is made where they lie',
    (more) => {
      const { resource } = settingsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' });
      const other = { ...SPAN, spanId: 'b7ad6b7169203399', attributes: { text: 'x'.repeat(more) } };
      const spans = [encodeSpans([SPAN]), encodeSpans([other])];
      const { room, around } = protobufEnvelope(resource);
      const buffer = Buffer.concat([
        Buffer.alloc(room.ahead, 0xff),
        ...spans,
        Buffer.alloc(room.behind + 9, 0xff),
      ]);
      const request = around(buffer, buffer.length - room.behind - 9);
      expect(request.buffer).toBe(buffer.buffer);
      expect(decodeSpans(entriesOf(request))).toEqual([SPAN, other]);
      expect(Buffer.from(request).includes('millrace-test')).toBe(true);
      expect(Buffer.from(request).includes('opentelemetry.io/schemas')).toBe(true);
      expect(buffer.subarray(-9)).toEqual(Buffer.alloc(9, 0xff));
    },
  );

  test('the stock serializer’s bytes are read by the same numbers', () => {
    const context = { traceId: SPAN.traceId, spanId: SPAN.spanId, traceFlags: 1 };
    const time = (us: number): [number, number] => [Math.floor(us / 1e6), (us % 1e6) * 1000];
    const stock = ProtobufTraceSerializer.serializeRequest([
      {
        name: SPAN.name,
        kind: 4,
        spanContext: () => context,
        parentSpanContext: { ...context, spanId: SPAN.parentSpanId ?? '' },
        startTime: time(SPAN.startUs),
        endTime: time(SPAN.endUs),
        status: { code: 2, message: 'out of ink' },
        attributes: { ...SPAN.attributes, names: ['a', 'b'] },
        links: [{ context: { ...context, spanId: 'b7ad6b7169203332' }, attributes: { n: 1 } }],
        events: [{ name: 'exception', time: time(SPAN.startUs), attributes: { 'exception.type': 'Error' } }],
        duration: [0, 0],
        ended: true,
        resource: { attributes: {}, merge: () => expect.unreachable(), getRawAttributes: () => [] },
        instrumentationScope: { name: 'x' },
        droppedAttributesCount: 0,
        droppedEventsCount: 0,
        droppedLinksCount: 0,
      },
    ]);
    const [span] = decodeSpans(entriesOf(stock ?? new Uint8Array()));
    expect(span).toMatchObject({
      traceId: SPAN.traceId,
      parentSpanId: SPAN.parentSpanId,
      name: SPAN.name,
      kind: 'consumer',
      startUs: SPAN.startUs,
      endUs: SPAN.endUs,
      attributes: SPAN.attributes,
      error: 'out of ink',
      links: [{ spanId: 'b7ad6b7169203332', attributes: { n: 1 } }],
      events: [{ name: 'exception', atUs: SPAN.startUs, attributes: { 'exception.type': 'Error' } }],
    });
  });

  test('texts are cut and surplus attributes, events and links left out, as the limits say', () => {
    const { limits } = settingsOf({
      OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '4',
      OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '2',
      OTEL_SPAN_EVENT_COUNT_LIMIT: '0',
      OTEL_SPAN_LINK_COUNT_LIMIT: '0',
    });
    const encoder = createSpanEncoder(limits);
    encoder.add(SPAN);
    const [span] = decodeSpans(encoder.take().bytes);
    expect(span?.attributes).toEqual({ 'messaging.system': 'bull', 'messaging.message.id': 'żółw' });
    expect(span).toMatchObject({ error: 'out ' });
    expect(span?.events).toBeUndefined();
    expect(span?.links).toBeUndefined();
  });

  test('what spans share comes first in each of them, and counts towards its limit', () => {
    const shared = { queue: 'images', port: 6379, long: 'x'.repeat(300) };
    const spans = [1, 2, 3].map((n) => ({ ...SPAN, attributes: { n }, shared }));
    const other = { ...SPAN, shared: { ...shared, queue: 'mail' } };
    expect(decodeSpans(encodeSpans([...spans, SPAN, other]))).toEqual([...spans, SPAN, other].map(whole));
    const encoder = createSpanEncoder(settingsOf({ OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '2' }).limits);
    for (const span of spans) encoder.add(span);
    const { bytes } = encoder.take();
    expect(decodeSpans(bytes).map(({ attributes }) => attributes)).toEqual(
      spans.map(() => ({ queue: 'images', port: 6379 })),
    );
    expect(droppedAttributesOf(bytes)).toEqual([2, 2, 2]);
  });

  test('the same attribute again, in the span, an event and a link, is the same', () => {
    const attributes = { n: 7, word: 'again', flag: true, none: 0 };
    const again = {
      ...SPAN,
      attributes,
      links: [{ traceId: SPAN.traceId, spanId: SPAN.spanId, attributes }],
      events: [{ name: 'n', atUs: SPAN.startUs, attributes }],
    };
    const other = { ...again, attributes: { ...attributes, n: 8, flag: false, word: '' } };
    const spans = [again, again, other, again, SPAN, again];
    expect(decodeSpans(encodeSpans(spans))).toEqual(spans);
    const changing = Array.from({ length: 100 }, (_, n) => ({
      ...SPAN,
      attributes: { n: n >> 1, t: `${n}` },
    }));
    expect(decodeSpans(encodeSpans([...changing, ...changing]))).toEqual([...changing, ...changing]);
  });

  test('a buffer that has to grow loses nothing, and one encoder serves again', () => {
    const encoder = createSpanEncoder(settingsOf({}).limits);
    for (const round of [1, 2]) {
      for (let n = 0; n < 20; n++) encoder.add({ ...SPAN, startUs: SPAN.startUs + n * round });
      expect(encoder.count).toBe(20);
      const { bytes, count } = encoder.take();
      expect(count).toBe(20);
      expect(decodeSpans(bytes).map(({ startUs }) => startUs - SPAN.startUs)).toEqual(
        Array.from({ length: 20 }, (_, n) => n * round),
      );
    }
  });
});
