import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { ManualClock } from '@millrace/core';
import { beforeEach, expect, test } from 'vitest';
import { eventClient } from './client.ts';

/** A socket that takes `room` frames before it says that it is full. */
class Wire extends EventEmitter {
  room = 1;
  destroyed = false;
  readonly written: string[] = [];
  write(frame: string): boolean {
    this.written.push(frame);
    return --this.room > 0;
  }
  end(): void {}
  destroy(): void {
    this.destroyed = true;
  }
}

let wire: Wire;
let clock: ManualClock;
let client: ReturnType<typeof eventClient>;
beforeEach(() => {
  wire = new Wire();
  clock = new ManualClock();
  client = eventClient(wire as unknown as ServerResponse, clock);
});

test('a slow client is sent the newest of each kind, once it reads again', () => {
  for (let n = 0; n < 100; n++) client.offer('queues', `queues ${n}`);
  client.offer('recovery a', 'a');
  client.offer('queues', 'queues last');
  expect(wire.written).toEqual(['queues 0']);
  wire.room = 10;
  wire.emit('drain');
  expect(wire.written).toEqual(['queues 0', 'a', 'queues last']);
});

test('what is kept for a slow client is bounded', () => {
  for (let n = 0; n < 10_000; n++) client.offer(`recovery ${n}`, `${n}`);
  wire.room = 100_000;
  wire.emit('drain');
  expect(wire.written).toHaveLength(201);
  expect(wire.written.at(-1)).toBe('9999');
});

test('a client that reads nothing for half a minute is cut off', () => {
  client.offer('queues', 'one');
  clock.advance(29_999);
  wire.room = 1;
  client.offer('queues', 'two');
  expect(wire.destroyed).toBe(false);
  clock.advance(1);
  expect(wire.destroyed).toBe(true);
});

test('a client that has read on is not cut off', () => {
  client.offer('queues', 'one');
  wire.room = 5;
  wire.emit('drain');
  clock.advance(60_000);
  expect(wire.destroyed).toBe(false);
});
