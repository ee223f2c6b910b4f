import { EventEmitter } from 'node:events';
import { ManualClock } from '@millrace/core';
import { expect, it } from 'vitest';
import { hostOf } from './host.ts';

function setUp() {
  const process = Object.assign(new EventEmitter(), { cwd: () => '/here', execPath: '/node', pid: 1 });
  const clock = new ManualClock();
  const host = hostOf(process as unknown as NodeJS.Process, {}, clock);
  let requests = 0;
  host.onStopRequest(() => {
    requests += 1;
  });
  return { process, clock, requests: () => requests };
}

it('takes one Ctrl-C for one, though npm tells it twice', () => {
  const { process, clock, requests } = setUp();
  process.emit('SIGINT');
  clock.advance(40);
  process.emit('SIGINT');
  expect(requests()).toBe(1);
  clock.advance(1_000);
  process.emit('SIGINT');
  expect(requests()).toBe(2);
});

it.each(['SIGTERM', 'SIGHUP', 'disconnect'])('stops at %s as well', (event) => {
  const { process, requests } = setUp();
  process.emit(event);
  expect(requests()).toBe(1);
});
