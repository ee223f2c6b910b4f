import { type Log, ManualClock, silentLog } from '@millrace/core';
import { expect, test } from 'vitest';
import { ApiError } from './api.ts';
import { tellDenials } from './denials.ts';
import { apiOf } from './testing.ts';

test('a right that is missing is an error in the log, told once a minute for each kind of call', async () => {
  const clock = new ManualClock();
  const told: unknown[] = [];
  const log: Log = { ...silentLog, error: (fields: unknown) => void told.push(fields) };
  let status = 403;
  const answer = () => Promise.reject(new ApiError(status, 'Forbidden', 'cannot'));
  const api = tellDenials(apiOf(answer), clock, log);
  const ask = () =>
    Promise.allSettled([
      api.call('PATCH', '/api/v1/namespaces/ns/pods/a'),
      api.call('PATCH', '/api/v1/namespaces/ns/pods/b'),
      api.call('PUT', '/apis/coordination.k8s.io/v1/namespaces/ns/leases/m'),
    ]);
  const [first] = await ask();
  expect(first).toMatchObject({ status: 'rejected', reason: { status: 403 } });
  expect(told).toEqual([
    { verb: 'PATCH', resource: 'pods', error: 'cannot' },
    { verb: 'PUT', resource: 'leases', error: 'cannot' },
  ]);
  clock.advance(59_000);
  await ask();
  expect(told).toHaveLength(2);
  clock.advance(1_000);
  await ask();
  expect(told).toHaveLength(4);
  status = 409;
  clock.advance(60_000);
  await ask();
  expect(told).toHaveLength(4);
});
