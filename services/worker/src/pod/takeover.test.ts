import { describe, expect, it } from 'vitest';
import { noOutcomes, type ProcessActivity } from '../ipc.ts';
import { noBody } from '../telemetry/body-durations.ts';
import { noDurations } from '../telemetry/job-durations.ts';
import { noCounts } from '../telemetry/queue-counts.ts';
import { takeoverWaitMs } from './takeover.ts';

const at = (busy: Readonly<Record<string, number>>, slots = 16): ProcessActivity => ({
  queues: Object.entries(busy).map(([queue, n]) => ({
    ...{ queue, busy: n, slots, cycles: 0 },
    ...{ connected: true, ended: noOutcomes(), durations: noDurations(), counts: noCounts() },
  })),
  loopDelayMs: 0,
  rssBytes: 0,
  ...{ heapBytes: 0, cpuMs: 0, body: noBody() },
});

describe('a standby', () => {
  it('lets the orphans go first where the living have room for twice as many', () => {
    expect(takeoverWaitMs(at({ a: 8 }), [at({ a: 8 }), at({ a: 8 })])).toBeGreaterThan(0);
    expect(takeoverWaitMs(at({ a: 0 }), [at({ a: 16 })])).toBeGreaterThan(0);
  });

  it('takes the slot at once where they have not, in any queue', () => {
    expect(takeoverWaitMs(at({ a: 9 }), [at({ a: 8 }), at({ a: 8 })])).toBe(0);
    expect(takeoverWaitMs(at({ a: 0, b: 1 }), [at({ a: 0, b: 15 })])).toBe(0);
    expect(takeoverWaitMs(at({ a: 1 }), [at({ b: 0 })])).toBe(0);
  });

  it('takes the slot at once when nobody else lives, and when nothing is known of the dead', () => {
    expect(takeoverWaitMs(at({ a: 0 }), [])).toBe(0);
    expect(takeoverWaitMs(null, [at({ a: 0 })])).toBe(0);
  });
});
