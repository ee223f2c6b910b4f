import { describe, expect, test } from 'vitest';
import { parseBaggage } from './baggage.ts';
import { carrierOf, NO_CARRIER, readCarrier, writeCarrier } from './carrier.ts';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';
import { parseTracestate } from './tracestate.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('traceparent', () => {
  test('is read and written', () => {
    const parent = { traceId: TRACE, spanId: SPAN, isSampled: true };
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-01`)).toEqual(parent);
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-02`)).toEqual({ ...parent, isSampled: false });
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-may-come`)).toEqual(parent);
    expect(formatTraceparent(parent, true)).toBe(`00-${TRACE}-${SPAN}-01`);
    expect(formatTraceparent(parent, false)).toBe(`00-${TRACE}-${SPAN}-00`);
  });

  test.each([
    ['', 'empty'],
    [`ff-${TRACE}-${SPAN}-01`, 'a version that is none'],
    [`00-${TRACE}-${SPAN}-01-x`, 'more than version 00 has'],
    [`00-${'0'.repeat(32)}-${SPAN}-01`, 'no trace'],
    [`00-${TRACE}-${'0'.repeat(16)}-01`, 'no span'],
    [`00-${TRACE.toUpperCase()}-${SPAN}-01`, 'upper case'],
    [`00-${TRACE}-${SPAN}`, 'no flags'],
    ['x'.repeat(100_000), 'long'],
  ])('ignores %j: %s', (text) => {
    expect(parseTraceparent(text)).toBeNull();
  });
});

describe('tracestate and baggage', () => {
  test('a list is handed on as it came; with one bad member, not at all', () => {
    expect(parseTracestate('congo=t61rcWkgMzE, rojo=00f067aa0ba902b7,,a@v=1')).toBe(
      'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7,a@v=1',
    );
    for (const bad of ['', 'A=1', 'a=1,b', 'a=ü', `a=${'x'.repeat(600)}`]) {
      expect(parseTracestate(bad)).toBeUndefined();
    }
  });

  test('members are decoded, properties left out, garbage ignored', () => {
    const text = 'millrace.run.id = r%201;ttl=5, a=1,=x,b,c=%zz, d d=1,e=2';
    expect([...parseBaggage(text)]).toEqual([
      ['millrace.run.id', 'r 1'],
      ['a', '1'],
      ['e', '2'],
    ]);
    expect(parseBaggage(`a=${'x'.repeat(9000)}`).size).toBe(0);
    expect(parseBaggage(Array.from({ length: 300 }, (_, n) => `k${n}=1`).join()).size).toBe(180);
  });
});

describe('the carrier', () => {
  const headers = {
    traceparent: `00-${TRACE}-${SPAN}-01`,
    tracestate: 'a=b',
    baggage: 'millrace.run.id=r1,millrace.scheduled_us=1790000000000001,other=x',
  };

  test('is read once, however often it is asked for in a row', () => {
    const [one, other] = [writeCarrier({ baggage: 'a=1' }), writeCarrier({ baggage: 'a=%32' })];
    const first = readCarrier(one);
    expect(readCarrier(one)).toBe(first);
    expect([readCarrier(other).baggage, readCarrier(one).baggage]).toEqual(['a=%32', 'a=1']);
  });

  test('comes back as it was written, each header only if there is one', () => {
    const text = writeCarrier(headers);
    expect(JSON.parse(text ?? '')).toEqual(headers);
    expect(readCarrier(text)).toEqual({
      isLinked: false,
      parent: { traceId: TRACE, spanId: SPAN, isSampled: true },
      traceState: 'a=b',
      baggage: headers.baggage,
      runId: 'r1',
      scheduledUs: 1_790_000_000_000_001,
    });
    expect(writeCarrier({ tracestate: 'a=b' })).toBeNull();
    expect(writeCarrier({ baggage: 'a=1' })).toBe('{"baggage":"a=1"}');
    expect(carrierOf({ ...headers, traceparent: 'none' })).toMatchObject({
      parent: null,
      traceState: undefined,
    });
  });

  test.each([null, undefined, '', 'null', '7', '{', '[]', '{"traceparent":7}', `"${'x'.repeat(20_000)}"`])(
    'garbage says nothing: %j',
    (text) => {
      expect(readCarrier(text)).toEqual(NO_CARRIER);
    },
  );

  test('a time that is none is not counted from', () => {
    for (const time of ['x', '-1', '1.5', '9e99', '']) {
      expect(carrierOf({ baggage: `millrace.scheduled_us=${time}` }).scheduledUs).toBeUndefined();
    }
  });
});
