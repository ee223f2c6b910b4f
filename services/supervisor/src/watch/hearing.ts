import type { Clock } from '@millrace/core';
import type { DeathWatch, Exit, FromWorker, ParentsReport, PodBeat } from '@millrace/supervision';
import { nowMs } from '../now.ts';
import type { Roster } from '../roster.ts';
import type { LateExits } from './late-exits.ts';
import type { PodClocks } from './pod-clocks.ts';
import type { PodWatch } from './pod-watch.ts';
import type { Perform } from './verdicts.ts';

/** Of the last words, what goes with the evidence itself. */
const DETAIL_LINES = 5;
const DETAIL_CHARS = 2_000;

export interface HearingDependencies {
  readonly watch: DeathWatch;
  readonly perform: Perform;
  readonly roster: Roster;
  readonly podWatch: PodWatch;
  readonly podClocks: PodClocks;
  readonly lateExits: Pick<LateExits, 'childOutOfMemory'>;
  /** A worker began to take jobs. */
  readonly onJoined: (id: string) => void;
  readonly clock: Clock;
}

/** What a linked worker or pod says. */
export type Hear = (id: string, message: FromWorker) => void;

/** See {@link Hear}: the roster notes the facts, the death watch judges them. */
export function createHearing(dependencies: HearingDependencies): Hear {
  const { watch, perform, roster, podWatch, podClocks, clock } = dependencies;

  function onPodBeat(pod: string, beat: PodBeat, at: number): void {
    roster.podBeat(pod, beat);
    podWatch.heard(pod, at);
    podClocks.heard(pod, beat.atMs, at);
    const reports = new Map<string, ParentsReport>();
    for (const { worker, silentMs, cpuMs, state, rssBytes } of beat.children) {
      reports.set(worker, { silentMs, cpuMs, letter: state });
      if (rssBytes !== null) roster.rss(worker, rssBytes);
    }
    perform(watch.reports(pod, reports, at));
  }

  function onExit(pod: string, message: Exit, at: number): void {
    if (message.outOfMemory) dependencies.lateExits.childOutOfMemory(pod);
    const { worker, pid, slot, stderrTail, type: _, ...exit } = message;
    const detail = stderrTail.slice(-DETAIL_LINES).join('\n').slice(0, DETAIL_CHARS);
    const words = { lastLines: stderrTail, ...(detail === '' ? {} : { detail }) };
    const atMs = podClocks.toOurs(pod, exit.atMs);
    perform(watch.processExit({ id: worker, pod, pid, slot }, { ...exit, ...words, atMs }, at));
  }

  return (id, message) => {
    const at = nowMs(clock);
    switch (message.type) {
      case 'beat': {
        const before = roster.worker(id);
        roster.beat(id, message, at);
        const { slot, loopDelayMs } = message;
        perform(watch.observe(id, { type: 'heard', slot, loopDelayMs }, at));
        if (before?.state === 'standby' && message.state === 'running') dependencies.onJoined(id);
        return;
      }
      case 'pod-beat':
        onPodBeat(id, message, at);
        return;
      case 'exit':
        onExit(id, message, at);
        return;
      case 'bye':
        perform(watch.observe(id, { type: 'bye' }, at));
        return;
      default:
        message satisfies never;
    }
  };
}
