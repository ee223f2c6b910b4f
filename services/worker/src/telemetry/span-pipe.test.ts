import { execFileSync } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { ManualClock } from '@millrace/core';
import { type SpanRecord, TELEMETRY_OFF } from '@millrace/telemetry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../../../../tests/support/queue.ts';
import { createSpanCounter, openSpanCount } from './span-count.ts';
import { createFrameReader } from './span-frames.ts';
import { createSpanPipe, type SpanPipe } from './span-pipe.ts';

const SPAN: SpanRecord = {
  ...{ traceId: '1'.repeat(32), spanId: '2'.repeat(16), parentSpanId: null },
  ...{ name: 'process work', kind: 'consumer', startUs: 1, endUs: 2, attributes: {} },
};

let clock: ManualClock;
let path: string;
let pipe: SpanPipe;
/** Spans of each frame that came. */
let came: number[];
let close: () => Promise<void>;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-test-'));
  path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const theirs = new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK) });
  came = [];
  const reader = createFrameReader();
  theirs.on('data', (chunk) => reader.push(chunk, ({ count }) => came.push(count)));
  clock = new ManualClock();
  pipe = createSpanPipe(openSync(path, 'w'), null, { limits: TELEMETRY_OFF.limits, clock });
  close = async () => {
    await pipe.end();
    theirs.destroy();
    await rm(folder, { recursive: true });
  };
});
afterEach(() => close());

test('a frame a turn leaves at once, and beyond a burst what comes in 100 ms goes together', async () => {
  for (let i = 0; i < 16; i++) {
    pipe.add([SPAN]);
    await turn();
  }
  await until(() => came.length === 16, 'the burst has left');
  for (let i = 0; i < 5; i++) {
    pipe.add([SPAN, SPAN]);
    await turn();
  }
  expect(came).toHaveLength(16);
  clock.advance(100);
  await until(() => came.length === 17, 'the next has left');
  expect(came[16]).toBe(10);
});

test('what comes behind many full frames waits no longer than behind a burst', async () => {
  const large = { ...SPAN, attributes: { text: 'x'.repeat(70_000) } };
  for (let i = 0; i < 40; i++) pipe.add([large]);
  await until(() => came.length === 40, 'full frames have left');
  pipe.add([SPAN]);
  await turn();
  expect(came).toHaveLength(40);
  clock.advance(100);
  await until(() => came.length === 41, 'the rest has left', 2_000);
});

test('a full frame never leaves ahead of its count', async () => {
  const count = openSpanCount();
  if (count === null) throw new Error('no folder can be written');
  const counter = createSpanCounter(count.file);
  const counted = createSpanPipe(openSync(path, 'w'), counter, { limits: TELEMETRY_OFF.limits, clock });
  counter.asOne(() => {
    counted.add([SPAN, { ...SPAN, attributes: { text: 'x'.repeat(70_000) } }]);
    expect(count.read().kept).toBe(2);
    counted.add([SPAN]);
    expect(count.read().kept).toBe(2);
  });
  expect(count.read().kept).toBe(3);
  await counted.end();
  count.close();
});

test('the end of a process waits for no turn', async () => {
  for (let i = 0; i < 17; i++) {
    pipe.add([SPAN]);
    await turn();
  }
  pipe.flush();
  await until(() => came.length === 17, 'all has left');
});
