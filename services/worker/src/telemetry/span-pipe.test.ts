import { execFileSync } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { ManualClock, silentLog } from '@millrace/core';
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

const SETTINGS = { limits: TELEMETRY_OFF.limits, log: silentLog };
/** Fills a frame. */
const LARGE = { ...SPAN, attributes: { text: 'x'.repeat(70_000) } };

const add = (to: SpanPipe, ...spans: SpanRecord[]) => to.add(spans.length, () => spans);

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
  theirs.on('data', (chunk) => came.push(...reader.push(chunk).map(({ count }) => count)));
  clock = new ManualClock();
  pipe = createSpanPipe(openSync(path, 'w'), null, { ...SETTINGS, clock });
  close = async () => {
    await pipe.end();
    theirs.destroy();
    await rm(folder, { recursive: true });
  };
});
afterEach(() => close());

test('a frame a turn leaves at once, and beyond a burst what comes in 100 ms goes together', async () => {
  for (let i = 0; i < 16; i++) {
    add(pipe, SPAN);
    await turn();
  }
  await until(() => came.length === 16, 'the burst has left');
  for (let i = 0; i < 5; i++) {
    add(pipe, SPAN, SPAN);
    await turn();
  }
  expect(came).toHaveLength(16);
  clock.advance(100);
  await until(() => came.length === 17, 'the next has left');
  expect(came[16]).toBe(10);
});

test('what comes behind many full frames waits no longer than behind a burst', async () => {
  add(pipe, ...Array.from({ length: 40 }, () => LARGE));
  await until(() => came.length === 40, 'full frames have left');
  add(pipe, SPAN);
  await turn();
  expect(came).toHaveLength(40);
  clock.advance(100);
  await until(() => came.length === 41, 'the rest has left', 2_000);
});

/** A second writer, that counts. */
function openCounted() {
  const count = openSpanCount();
  if (count === null) throw new Error('no folder can be written');
  const counter = createSpanCounter(count.file);
  const counted = createSpanPipe(openSync(path, 'w'), counter, { ...SETTINGS, clock });
  const end = async () => {
    await counted.end();
    count.close();
  };
  return { counted, counter, read: count.read, end };
}

test('a full frame never leaves ahead of its count', async () => {
  const { counted, counter, read, end } = openCounted();
  counter.asOne(() => {
    add(counted, LARGE, ...Array.from({ length: 63 }, () => SPAN));
    expect(read().kept).toBe(64);
    add(counted, SPAN);
    expect(read().kept).toBe(64);
  });
  expect(read().kept).toBe(65);
  await end();
});

test('spans are counted at once and made together, at the latest when 64 wait', async () => {
  const { counted, read, end } = openCounted();
  let made = 0;
  const make = () => {
    made++;
    return [SPAN, SPAN];
  };
  for (let i = 0; i < 31; i++) counted.add(2, make);
  expect([read().kept, made]).toEqual([62, 0]);
  counted.add(2, make);
  expect([read().kept, made]).toEqual([64, 32]);
  counted.add(2, make);
  await until(() => came.length === 1, 'their frame has left');
  expect([came[0], made]).toEqual([66, 33]);
  await end();
});

test('spans that cannot be made are counted as given up, and the others go', async () => {
  const { counted, read, end } = openCounted();
  add(counted, SPAN);
  counted.add(3, () => {
    throw new Error('a message that is none');
  });
  add(counted, SPAN, SPAN);
  await until(() => came.length === 1, 'the frame has left');
  expect([came, read().kept, read().dropped]).toEqual([[3], 6, 3]);
  await end();
});

test('the end of a process waits for no turn', async () => {
  for (let i = 0; i < 17; i++) {
    add(pipe, SPAN);
    await turn();
  }
  pipe.flush();
  await until(() => came.length === 17, 'all has left');
});
