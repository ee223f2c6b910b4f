import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { lifecycle, silentLog, systemClock } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { decodeSpans, type SpanExport, type SpanRecord, TELEMETRY_OFF } from '@millrace/telemetry';
import { afterEach, expect, test } from 'vitest';
import { until } from '../../../../tests/support/queue.ts';
import { createSpanIntake, type SpanIntake } from './span-intake.ts';

const KEEPS_SPANS = fileURLToPath(new URL('../../../../tests/fixtures/keeps-spans.ts', import.meta.url));
const NONE = async () => undefined;

let intake: SpanIntake;
afterEach(() => intake.stop());

/** An exporter that keeps what it is given. */
function exporterInto(spans: SpanRecord[], life = lifecycle(NONE, NONE)): SpanExport {
  return {
    ...life,
    add: (records) => void spans.push(...records),
    addEncoded(bytes, count) {
      const decoded = decodeSpans(bytes);
      expect(decoded).toHaveLength(count);
      spans.push(...decoded);
    },
    flush: NONE,
    stats: () => ({
      exported: spans.length,
      queued: 0,
      dropped: { full: 0, refused: 0, stopped: 0, unfit: 0 },
    }),
  };
}

async function intakeOf(): Promise<SpanRecord[]> {
  const spans: SpanRecord[] = [];
  const told = { clock: systemClock, log: silentLog };
  intake = createSpanIntake(TELEMETRY_OFF, told, exporterInto(spans));
  await intake.start();
  return spans;
}

/** A process that keeps `told` spans, and `more` in the turn in which it ends. */
async function run(told: number, more: number, end: 'kill' | 'crash' | 'drain'): Promise<void> {
  const source = intake.open();
  const child = fork(KEEPS_SPANS, [String(told), String(more), end], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe', ...source.stdio],
  });
  source.hear(child);
  await once(child, 'exit');
}

test('what a killed process had kept and not handed over is counted, and no more', async () => {
  const spans = await intakeOf();
  await run(5, 3, 'kill');
  await until(() => intake.stats().lost > 0, 'the loss is counted');
  expect(intake.stats()).toMatchObject({ exported: 5, lost: 3, unread: 0 });
  expect(spans.map(({ spanId }) => Number.parseInt(spanId, 16))).toEqual([1, 2, 3, 4, 5]);
});

test('one that crashes hands over what it kept in its last turn', async () => {
  await intakeOf();
  await run(5, 3, 'crash');
  await intake.stop();
  expect(intake.stats()).toMatchObject({ exported: 8, lost: 0 });
});

test('one that ends loses nothing, however much it kept', async () => {
  const spans = await intakeOf();
  await run(1, 2_000, 'drain');
  await intake.stop();
  expect(spans).toHaveLength(2_001);
  expect(intake.stats()).toMatchObject({ lost: 0, unread: 0 });
});

test('a process that never was costs nothing', async () => {
  await intakeOf();
  const source = intake.open();
  const child = fork('/nowhere', { stdio: ['ignore', 'ignore', 'ignore', 'ipc', 'pipe', ...source.stdio] });
  child.on('error', () => undefined);
  source.hear(child);
  await once(child, 'exit');
  await intake.stop();
  expect(intake.stats()).toMatchObject({ lost: 0, unread: 0 });
});

test('what nobody reads is given up, counted, and holds nobody up', async () => {
  const spans = await intakeOf();
  const source = intake.open();
  const child = fork(KEEPS_SPANS, ['20000', '1', 'drain'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe', ...source.stdio],
  });
  await once(child, 'exit');
  source.hear(child);
  await intake.stop();
  const { unread, lost } = intake.stats();
  expect(unread).toBeGreaterThan(10_000);
  expect(spans.length + unread + lost).toBe(20_001);
});

test('keeps the lifecycle contract', async () => {
  const making = () => {
    let isRunning = false;
    const exporter = lifecycle(
      async () => {
        isRunning = true;
      },
      async () => {
        isRunning = false;
      },
    );
    intake = createSpanIntake(
      TELEMETRY_OFF,
      { clock: systemClock, log: silentLog },
      exporterInto([], exporter),
    );
    return { ...intake, isRunning: () => isRunning };
  };
  await lifecycleStress(making, ({ isRunning }) => isRunning());
});
