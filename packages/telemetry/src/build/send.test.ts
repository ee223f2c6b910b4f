import { expect, test } from 'vitest';
import { batchSendSpan } from './send.ts';
import { serverSpan } from './server.ts';

const PLACE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

test('a batch has one send span, with its count', () => {
  const batch = { queue: 'images', count: 500, startUs: 1, endUs: 2, place: PLACE, parentSpanId: null };
  const span = batchSendSpan(batch, null);
  expect(span).toMatchObject({
    ...PLACE,
    name: 'send images',
    kind: 'producer',
    attributes: { 'messaging.batch.message_count': 500, 'messaging.operation.type': 'send' },
  });
});

test('a request is named after its route; only what the server did wrong is an error', () => {
  const request = { method: 'POST', route: '/v1/queues/{queue}/jobs', startUs: 1, endUs: 2 };
  const of = (status: number, errorCode?: string) =>
    serverSpan({ ...request, status, errorCode }, PLACE, '00f067aa0ba902b7', 'a=b');
  expect(of(202)).toMatchObject({
    name: 'POST /v1/queues/{queue}/jobs',
    kind: 'server',
    parentSpanId: '00f067aa0ba902b7',
    traceState: 'a=b',
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/v1/queues/{queue}/jobs',
      'http.response.status_code': 202,
    },
  });
  expect(of(429, 'queue_full').error).toBeUndefined();
  expect(of(503, 'store_unavailable')).toMatchObject({
    error: 'store_unavailable',
    attributes: { 'error.type': 'store_unavailable' },
  });
  expect(of(500).attributes['error.type']).toBe('500');
});
