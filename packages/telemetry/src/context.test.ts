import { describe, expect, test } from 'vitest';
import { writeCarrier } from './carrier.ts';
import { jobTrace, processPlace, type TracedJob, type TraceShape } from './context.ts';
import { spanIdOf, traceIdOf } from './ids.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const CARRIER = writeCarrier({ traceparent: `00-${TRACE}-${SPAN}-01` });
const JOB = { queue: 'images', id: '7', timestampMs: 1_790_000_000_000, carrier: null };
const OWN = traceIdOf(JOB.queue, JOB.id, JOB.timestampMs);
const SEND = spanIdOf(OWN, 'images', '7', 0);
const SEND_IN_CLIENTS = spanIdOf(TRACE, 'images', '7', 0);

const shapeOf = (job: Partial<TracedJob>, shape?: TraceShape) => {
  const { traceId, parentSpanId, links, send } = jobTrace({ ...JOB, origin: 'single', ...job }, shape);
  return { traceId, parentSpanId, links, send };
};

describe('where a job’s spans stand', () => {
  test('a single job has one trace: its client’s, or its own', () => {
    expect(shapeOf({})).toEqual({
      traceId: OWN,
      parentSpanId: SEND,
      links: [],
      send: { traceId: OWN, spanId: SEND, parentSpanId: null },
    });
    expect(shapeOf({ carrier: CARRIER })).toEqual({
      traceId: TRACE,
      parentSpanId: SEND_IN_CLIENTS,
      links: [],
      send: { traceId: TRACE, spanId: SEND_IN_CLIENTS, parentSpanId: SPAN },
    });
  });

  test.each(['bulk', 'scheduled', 'flow', 'replay'] as const)(
    'a job of a %s has a trace of its own, linked to what it came from',
    (origin) => {
      const alone = { traceId: OWN, parentSpanId: null, send: null };
      expect(shapeOf({ origin })).toEqual({ ...alone, links: [] });
      expect(shapeOf({ origin, carrier: CARRIER })).toEqual({
        ...alone,
        links: [{ traceId: TRACE, spanId: SPAN }],
      });
    },
  );

  test('a stranger’s job is a child of the span that bullmq-otel wrote, or has its own trace', () => {
    expect(shapeOf({ origin: 'foreign', carrier: CARRIER })).toEqual({
      traceId: TRACE,
      parentSpanId: SPAN,
      links: [],
      send: null,
    });
    expect(shapeOf({ origin: 'foreign' })).toEqual(shapeOf({}));
    // Of many, by our adapter in a stock program.
    const carrier = JSON.stringify({ ...JSON.parse(CARRIER as string), 'millrace.linked': '1' });
    expect(shapeOf({ origin: 'foreign', carrier })).toEqual(shapeOf({ origin: 'bulk', carrier: CARRIER }));
  });

  test('a queue may want it otherwise', () => {
    const link = { traceId: TRACE, spanId: SPAN };
    expect(shapeOf({ origin: 'bulk', carrier: CARRIER }, 'parent')).toMatchObject({
      traceId: TRACE,
      parentSpanId: SPAN,
      links: [],
    });
    expect(shapeOf({ origin: 'bulk', carrier: CARRIER }, 'both')).toMatchObject({
      parentSpanId: SPAN,
      links: [link],
    });
    expect(shapeOf({ carrier: CARRIER }, 'link')).toMatchObject({
      traceId: OWN,
      parentSpanId: null,
      links: [{ traceId: TRACE, spanId: SEND_IN_CLIENTS }],
      send: { traceId: TRACE, parentSpanId: SPAN },
    });
    expect(shapeOf({ carrier: CARRIER }, 'both')).toMatchObject({
      parentSpanId: SEND_IN_CLIENTS,
      links: [{ spanId: SEND_IN_CLIENTS }],
    });
    expect(shapeOf({}, 'link')).toEqual(shapeOf({}));
    expect(shapeOf({ origin: 'foreign', carrier: CARRIER }, 'link')).toMatchObject({
      traceId: OWN,
      links: [link],
    });
  });

  test('jobs of one client’s trace do not share spans', () => {
    const trace = jobTrace({ ...JOB, carrier: CARRIER, origin: 'single' });
    expect(processPlace(trace, JOB, 1)).not.toEqual(processPlace(trace, { ...JOB, id: '8' }, 1));
    expect(processPlace(trace, JOB, 1)).not.toEqual(processPlace(trace, JOB, 2));
  });
});
