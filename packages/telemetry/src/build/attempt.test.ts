import type { EndedAttempt } from '@millrace/core';
import { describe, expect, test } from 'vitest';
import { writeCarrier } from '../carrier.ts';
import { jobTrace } from '../context.ts';
import { cutAtStart } from '../cuts.ts';
import { samplingPolicy } from '../sampling.ts';
import { whole } from '../testing.ts';
import { attemptSpans, firstSend } from './attempt.ts';

const STORE = { address: '127.0.0.1', port: 6379 };
const AT = 1_790_000_000_000_000;
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CARRIER = writeCarrier({
  traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
  tracestate: 'a=b',
  baggage: `millrace.run.id=r1,millrace.scheduled_us=${AT - 500}`,
});
const ATTEMPT: EndedAttempt = {
  queue: 'images',
  id: '7',
  name: 'resize',
  timestampMs: AT / 1000,
  enqueuedUs: AT,
  dueUs: AT + 10,
  startedUs: AT + 100,
  endedUs: AT + 350,
  settledUs: AT + 400,
  start: 1,
  attempt: 1,
  outcome: 'completed',
  error: null,
  worker: 'w1',
  carrier: null,
  origin: 'single',
  before: null,
  replayOf: null,
};
const HASH = cutAtStart(samplingPolicy('cuts', 0.01), 0xffffffff, null, false);
const SLOW = { cut: 'slow', weight: 1 } as const;

const spansOf = (change: Partial<EndedAttempt>, atStart = HASH) => {
  const attempt = { ...ATTEMPT, ...change };
  return attemptSpans(attempt, jobTrace(attempt), atStart ?? SLOW, atStart, STORE).map(whole);
};

describe('the spans of an attempt', () => {
  test('process from start to settled with its times, settle inside of it', () => {
    const [process, settle] = spansOf({});
    expect(process).toMatchObject({
      name: 'process images',
      kind: 'consumer',
      startUs: AT + 100,
      endUs: AT + 400,
      links: [],
      attributes: {
        'messaging.system': 'bullmq',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': 'images',
        'messaging.message.id': '7',
        'messaging.client.id': 'w1',
        'bullmq.job.name': 'resize',
        'bullmq.job.attempt': 1,
        'bullmq.job.start': 1,
        'millrace.wait_us': 90,
        'millrace.service_us': 250,
        'millrace.total_us': 350,
        'millrace.outcome': 'completed',
        'millrace.sampling.cut': 'hash',
        'millrace.sampling.weight': 100,
      },
    });
    expect(process?.error).toBeUndefined();
    expect(settle).toMatchObject({
      parentSpanId: process?.spanId,
      traceId: process?.traceId,
      name: 'settle images',
      kind: 'client',
      startUs: AT + 350,
      endUs: AT + 400,
      attributes: { 'server.address': '127.0.0.1', 'server.port': 6379, 'messaging.message.id': '7' },
    });
  });

  test('share what is the same for a queue and a worker, and nothing with others', () => {
    const sharedBy = (change: Partial<EndedAttempt>) => {
      const attempt = { ...ATTEMPT, ...change };
      return attemptSpans(attempt, jobTrace(attempt), SLOW, HASH, STORE).map(({ shared }) => shared);
    };
    const [process, settle] = sharedBy({});
    expect(sharedBy({ id: '8', outcome: 'failed' })).toEqual([process, settle]);
    expect(sharedBy({ id: '8' })[0]).toBe(process);
    expect(sharedBy({ worker: 'w2' })[0]).toMatchObject({ 'messaging.client.id': 'w2' });
    expect(sharedBy({ queue: 'mail' })).toMatchObject([
      { 'messaging.destination.name': 'mail', 'messaging.client.id': 'w1' },
      { 'messaging.destination.name': 'mail', 'server.port': 6379 },
    ]);
  });

  test('in its client’s trace, counted from when the client meant to send it', () => {
    const [process, settle] = spansOf({ carrier: CARRIER });
    expect(process).toMatchObject({
      traceId: TRACE,
      traceState: 'a=b',
      attributes: { 'millrace.total_us': 850, 'millrace.run.id': 'r1', 'millrace.scheduled_us': AT - 500 },
    });
    expect(settle?.traceState).toBe('a=b');
    // A trace of its own is not the one that the tracestate speaks of.
    expect(spansOf({ carrier: CARRIER, origin: 'bulk' })[0]?.traceState).toBeUndefined();
  });

  test('a failure is an error with its class and words', () => {
    const [process] = spansOf({ outcome: 'retried', error: { type: 'TypeError', message: 'no ink' } });
    expect(process).toMatchObject({
      error: 'no ink',
      attributes: { 'error.type': 'TypeError', 'millrace.outcome': 'retried' },
      events: [{ name: 'exception', atUs: AT + 350, attributes: { 'exception.type': 'TypeError' } }],
    });
  });

  test('a later attempt links to the one before', () => {
    const [first] = spansOf({});
    const [second] = spansOf({ start: 2, attempt: 2, before: 1 });
    expect(second).toMatchObject({
      traceId: first?.traceId,
      parentSpanId: first?.parentSpanId,
      links: [{ traceId: first?.traceId, spanId: first?.spanId }],
    });
  });
});

describe('who writes the send span', () => {
  const writes = (change: Partial<EndedAttempt>, atStart: typeof HASH) => {
    const attempt = { ...ATTEMPT, ...change };
    return firstSend(attempt, jobTrace(attempt), atStart, STORE) !== null;
  };

  test('the first kept attempt, where the producer did not know that one would be', () => {
    expect(writes({}, null)).toBe(true);
    expect(writes({ start: 3 }, null)).toBe(true);
    expect(writes({}, HASH)).toBe(false);
    expect(writes({ start: 2, before: 1 }, null)).toBe(false);
    const [send] = spansOf({}, null);
    expect(send).toMatchObject({
      ...jobTrace(ATTEMPT).send,
      name: 'send images',
      kind: 'producer',
      startUs: AT,
      endUs: AT,
    });
  });

  test('of a stranger’s job, its first start that has a span', () => {
    const foreign = { origin: 'foreign' } as const;
    expect(writes(foreign, null)).toBe(true);
    expect(writes(foreign, HASH)).toBe(true);
    // Handed back at its first start, which had a span already.
    expect(writes({ ...foreign, start: 2 }, HASH)).toBe(false);
    expect(writes({ ...foreign, carrier: CARRIER }, HASH)).toBe(false);
  });

  test('nobody of a job of many: one send stands for all', () => {
    for (const origin of ['bulk', 'scheduled', 'flow', 'replay'] as const) {
      expect(writes({ origin }, null)).toBe(false);
    }
  });
});
