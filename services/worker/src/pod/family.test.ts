import { ManualClock, silentLog } from '@millrace/core';
import type { ToSupervisor } from '@millrace/supervision';
import { expect, test } from 'vitest';
import { EXIT, type FromProcess } from '../ipc.ts';
import { createCensus } from './census.ts';
import type { ChildListeners } from './child-process.ts';
import { createFamily } from './family.ts';
import { decide } from './fold.ts';
import { newPod, type PodEvent } from './pod-state.ts';

const SETTINGS = {
  ...{ processes: 1, standby: 0, killFenced: true, intensity: 0, periodMs: 1_000, backoff: null },
  drain: { timeoutMs: 1_000, noticeMs: 100 },
};

/** The report on a child that said `words` and then ended with `code`. */
function reportOf(words: readonly FromProcess[], code: number): ToSupervisor | undefined {
  let state = newPod(SETTINGS);
  let child: ChildListeners | undefined;
  const told: ToSupervisor[] = [];
  const onEvent = (event: PodEvent) => {
    state = decide(state, event, 0, SETTINGS).state;
  };
  const family = createFamily({
    spawn(_id, listeners) {
      child = listeners;
      return { pid: 7, send: () => undefined, kill: () => undefined, vitals: () => null };
    },
    ...{ census: createCensus(), clock: new ManualClock(), log: silentLog, onEvent },
    child: (id) => state.children.find((one) => one.id === id),
    tell: (message) => told.push(message),
  });
  family.fork('pod');
  for (const message of words) child?.onMessage(message);
  const seen = { lastLines: [], ordered: false, outOfMemory: false };
  child?.onExit({ code, signal: null, ...seen, peakRssBytes: null, memoryLimitBytes: null });
  return told[0];
}

test('the end that a process announces is expected; the code of one in bad weather alone is not', () => {
  const leaving = { type: 'leaving' } as const;
  expect(reportOf([{ type: 'ready' }, leaving], EXIT.storeAway)).toMatchObject({ expected: true });
  expect(reportOf([{ type: 'ready' }], EXIT.storeAway)).toMatchObject({ expected: false, code: 69 });
});

test('the end of one that says it is fenced is that; a handler’s choice of the code alone is not', () => {
  const fenced = { type: 'fenced' } as const;
  expect(reportOf([{ type: 'ready' }, fenced], EXIT.fenced)).toMatchObject({ fenced: true, expected: false });
  expect(reportOf([{ type: 'ready' }], EXIT.fenced)).toMatchObject({ fenced: false, code: 75 });
});
