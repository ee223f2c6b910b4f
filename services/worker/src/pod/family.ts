import { type Clock, type Log, newStartId } from '@millrace/core';
import type { PodBeat, ToSupervisor } from '@millrace/supervision';
import type { FromProcess, ToProcess } from '../ipc.ts';
import type { Census } from './census.ts';
import type { ChildExit, ChildProcessHandle, SpawnChild } from './child-process.ts';
import { createChildReports } from './child-reports.ts';
import type { Child, PodEvent } from './pod-state.ts';
import { createSpares } from './spares.ts';

export interface FamilyDependencies {
  readonly spawn: SpawnChild;
  readonly census: Census;
  /** The fold's view of one child. */
  readonly child: (id: string) => Child | undefined;
  readonly onEvent: (event: PodEvent) => void;
  /** Tells the supervisors. */
  readonly tell: (message: ToSupervisor) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The pod's processes: forks them, hears them, sees them end. Orders to one that is gone do nothing. */
export interface Family {
  /** A new start, named after the pod. */
  fork(pod: string): void;
  send(id: string, message: ToProcess): void;
  kill(id: string): void;
  killAll(): void;
  pidOf(id: string): number;
  /** A supervisor suspects it, or has declared it dead. */
  warm(id: string): void;
  fenced(id: string, busy: boolean): void;
  /** The pod's beat, with what is seen of the children. */
  beats(beat: Omit<PodBeat, 'children'>): readonly PodBeat[];
  stop(): void;
}

/** See {@link Family}. */
export function createFamily(dependencies: FamilyDependencies): Family {
  const { spawn, census, onEvent, tell, clock, log } = dependencies;
  const handles = new Map<string, ChildProcessHandle>();
  const reports = createChildReports();
  const spares = createSpares(
    { onWarm: (id) => onEvent({ type: 'warm', id }), onCalm: (id) => onEvent({ type: 'calm', id }) },
    clock,
  );

  function onMessage(id: string, message: FromProcess): void {
    reports.heard(id, clock.monotonicMs());
    spares.heard(id);
    if (message.type === 'activity') census.heard(id, message, clock.monotonicMs());
    else if (message.type === 'ready' || message.type === 'leaving') onEvent({ type: message.type, id });
    else if (message.type === 'fenced') {
      reports.fenced(id, false);
      onEvent({ type: 'fenced', id });
    }
  }

  /** Told before anything else: filling the slot forks, and that holds this process for many ms. */
  function onExit(id: string, exit: ChildExit): void {
    const { mode, slot = null } = dependencies.child(id) ?? {};
    const expected = mode === 'leaving';
    const report = reports.exited(id, exit, { slot, expected, atMs: clock.nowMs() });
    handles.delete(id);
    spares.gone(id);
    tell(report);
    onEvent({ type: 'exited', id, code: exit.code });
    census.left(id);
    const { stderrTail: _, type: __, ...fields } = report;
    log[expected ? 'info' : 'warn'](fields, 'A worker process ended');
  }

  return {
    fork(pod) {
      const id = newStartId(pod);
      const handle = spawn(id, {
        onMessage: (message) => onMessage(id, message),
        onExit: (exit) => onExit(id, exit),
      });
      handles.set(id, handle);
      reports.forked(id, handle);
      onEvent({ type: 'forked', id });
    },
    send: (id, message) => handles.get(id)?.send(message),
    kill: (id) => handles.get(id)?.kill(),
    killAll() {
      for (const child of handles.values()) child.kill();
    },
    pidOf: (id) => handles.get(id)?.pid ?? 0,
    warm(id) {
      if (handles.has(id)) spares.warm(id);
    },
    fenced: reports.fenced,
    beats: (beat) => reports.beats(beat, clock.monotonicMs()),
    stop: spares.stop,
  };
}
