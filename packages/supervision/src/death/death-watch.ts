import { judge, newStart } from './judge.ts';
import type {
  DeathLimits,
  ParentsReport,
  ProcessExit,
  StartAction,
  StartEvent,
  StartIdentity,
  StartState,
} from './start.ts';

/** Dead starts remembered, so that what they still say is refused and nobody dies twice. */
const REMEMBERED_DEAD = 10_000;

/** All starts that a supervisor knows of. Holds state and routes events to {@link judge}; decides nothing itself. */
export interface DeathWatch {
  /** Starts that may live, dead ones left out. */
  living(): readonly StartState[];
  get(id: string): StartState | undefined;
  isDead(id: string): boolean;
  hello(start: StartIdentity, nowMs: number): readonly StartAction[];
  /** One that an earlier supervisor knew. Known or dead already: nothing happens. */
  hearsay(start: StartIdentity, nowMs: number): void;
  /** One whose recovery an earlier supervisor finished. */
  bury(id: string): void;
  /** An event of one start; of an unknown one it is ignored. */
  observe(id: string, event: StartEvent, nowMs: number): readonly StartAction[];
  /** The parent's word on one child, which we may never have heard of. */
  processExit(start: StartIdentity, exit: ProcessExit, nowMs: number): readonly StartAction[];
  /** The pod's process ended, and with it all that it had started. */
  podExit(pod: string, exit: ProcessExit, nowMs: number): readonly StartAction[];
  /** The pod's word on who of its children lives. */
  children(pod: string, ids: readonly string[], nowMs: number): readonly StartAction[];
  /** The pod's word on some of its children; of one that nobody knows it says nothing. */
  reports(pod: string, reports: ReadonlyMap<string, ParentsReport>, nowMs: number): readonly StartAction[];
  /** The pod's link closed. */
  podLost(pod: string, nowMs: number): void;
  /** The store stopped answering. */
  storeLost(nowMs: number): void;
  /**
   * Lets time pass. To be called often: a gap of half of `suspectMs` means that we ourselves stood still; and only when
   * what has arrived is read, or whoever spoke while we were kept from the processor is late by our fault.
   */
  tick(nowMs: number): readonly StartAction[];
}

/** An empty watch. */
export function createDeathWatch(limits: DeathLimits): DeathWatch {
  const living = new Map<string, StartState>();
  const dead = new Map<string, StartState | null>();
  let tickedMs: number | null = null;

  function bury(id: string, state: StartState | null): void {
    living.delete(id);
    dead.set(id, state);
    const oldest = dead.keys().next();
    if (dead.size > REMEMBERED_DEAD && !oldest.done) dead.delete(oldest.value);
  }

  function apply(state: StartState, event: StartEvent, nowMs: number): readonly StartAction[] {
    const judgement = judge(state, event, nowMs, limits);
    if (judgement.state.phase === 'dead') bury(state.id, judgement.state);
    else living.set(state.id, judgement.state);
    return judgement.actions;
  }

  function observe(id: string, event: StartEvent, nowMs: number): readonly StartAction[] {
    const state = living.get(id);
    if (state) return apply(state, event, nowMs);
    const speaks = event.type === 'hello' || event.type === 'heard';
    return speaks && dead.has(id) ? [{ type: 'refuse', id }] : [];
  }

  /** As `observe`, but a start that nobody knows is made known first. */
  function introduce(start: StartIdentity, event: StartEvent, nowMs: number): readonly StartAction[] {
    if (!dead.has(start.id) && !living.has(start.id)) living.set(start.id, newStart(start, nowMs));
    return observe(start.id, event, nowMs);
  }

  function all(select: (state: StartState) => StartEvent | null, nowMs: number): readonly StartAction[] {
    return [...living.values()].flatMap((state) => {
      const event = select(state);
      return event === null ? [] : apply(state, event, nowMs);
    });
  }

  return {
    living: () => [...living.values()],
    get: (id) => living.get(id) ?? dead.get(id) ?? undefined,
    isDead: (id) => dead.has(id),
    hello: (start, nowMs) => introduce(start, { type: 'hello', start }, nowMs),
    hearsay(start, nowMs) {
      if (!dead.has(start.id) && !living.has(start.id)) living.set(start.id, newStart(start, nowMs));
    },
    bury: (id) => bury(id, null),
    observe,
    processExit(start, exit, nowMs) {
      // Who reaped it knows best who it was.
      const known = living.get(start.id);
      if (known) living.set(start.id, { ...known, ...start });
      return introduce(start, { ...exit, type: 'process-exit' }, nowMs);
    },
    podExit: (pod, exit, nowMs) =>
      all((state) => (state.pod === pod ? { ...exit, type: 'pod-exit' } : null), nowMs),
    children: (pod, ids, nowMs) =>
      all((state) => {
        if (state.pod !== pod) return null;
        return { type: ids.includes(state.id) ? 'listed' : 'disowned' };
      }, nowMs),
    reports: (pod, reports, nowMs) =>
      [...reports].flatMap(([id, report]) => {
        const state = living.get(id);
        return state?.pod === pod ? apply(state, { type: 'reported', ...report }, nowMs) : [];
      }),
    podLost(pod, nowMs) {
      all((state) => (state.pod === pod ? { type: 'parent-lost' } : null), nowMs);
    },
    storeLost(nowMs) {
      all(() => ({ type: 'store-lost' }), nowMs);
    },
    tick(nowMs) {
      const gapMs = tickedMs === null ? 0 : nowMs - tickedMs;
      tickedMs = nowMs;
      const slept = gapMs >= limits.suspectMs / 2;
      return all(() => (slept ? { type: 'slept', ms: gapMs } : { type: 'tick' }), nowMs);
    },
  };
}
