import { type Clock, type Config, MillraceError, messageOf, type Recovery } from '@millrace/core';
import { DemoFailure } from '../demo/api.ts';
import { FAULTS } from './catalogue.ts';
import { newestVictims, newVictims, victimFaults } from './dead-letters.ts';
import { ChaosFailure, type ChaosTarget, type Fault } from './fault.ts';
import { hindranceTo, type Premises } from './hindrance.ts';
import { haveJobsRun, jobCounts } from './job-counts.ts';
import { findPlatform, type LocalPlatform } from './platform.ts';
import { deathFaults, deathsIn } from './promise.ts';
import { CHAOS_QUEUE, createTarget, type Harm } from './target.ts';

/** How long the recoveries that a fault set off may take to be told of. */
const RECOVERIES_MS = 30_000;
const LOOK_MS = 100;
/** A death that comes of it is certified within this time; one by silence, after the limit of that, in as much more. */
const DEATHS_MS = 1_000;

/** A fault as a list shows it. */
export interface FaultLine {
  readonly name: string;
  readonly summary: string;
  /** Why it cannot be made on a running platform; null when it can. */
  readonly unavailable: string | null;
}

/** What one fault did to the user's platform. */
export interface FaultReport {
  readonly fault: string;
  /** What was done; null when nothing was. */
  readonly what: string | null;
  /** Ms since 1970. */
  readonly harmedAtMs: number | null;
  /** From the harm until it was healed and every recovery was over. */
  readonly tookMs: number | null;
  readonly recoveries: readonly Recovery[];
  /** Whether a job was seen to run meanwhile: without any a fault shows little. */
  readonly sawJobs: boolean;
  /** What was not as promised; none: all was. */
  readonly faults: readonly string[];
}

/** What a run needs of its surroundings. */
export interface FaultRun {
  /** The folder that the platform runs from. */
  readonly dir: string;
  readonly token: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Asked once, before any harm. */
  readonly confirm: (question: string) => Promise<boolean>;
}

/** A token that the platform does not take is no defect of ours. */
function refused(error: unknown): never {
  if (!(error instanceof DemoFailure)) throw error;
  throw new MillraceError('wrong_state', error.message, { cause: error });
}

/** What is known of the platform that runs from a folder. */
async function premisesOf(platform: LocalPlatform, target: ChaosTarget): Promise<Premises> {
  const [workers, stores] = await Promise.all([target.workers().catch(refused), platform.processes('store')]);
  return {
    servesChaos: workers.some(({ queues }) => queues.includes(CHAOS_QUEUE)),
    ownsStore: stores.length > 0,
    config: platform.config,
  };
}

/** Every fault, and whether it can be made on the platform that runs from `dir`. Throws as {@link makeFault} does. */
export async function listFaults({
  dir,
  token,
  clock,
  signal,
}: Omit<FaultRun, 'confirm'>): Promise<FaultLine[]> {
  const platform = await findPlatform(dir);
  const target = createTarget(platform, { clock, signal, token, onHarm: () => undefined });
  const premises = await premisesOf(platform, target);
  return FAULTS.map((fault) => ({
    name: fault.name,
    summary: fault.summary,
    unavailable: hindranceTo(fault, premises),
  }));
}

function faultCalled(name: string): Fault {
  const fault = FAULTS.find((each) => each.name === name);
  if (fault) return fault;
  const names = FAULTS.map((each) => each.name);
  throw new MillraceError('usage', `There is no fault "${name}". There are: ${names.join(', ')}.`);
}

/** Recoveries of deaths since the harm, when all are over, or as they are after a while. */
async function recoveriesSince(target: ChaosTarget, known: ReadonlySet<string>, deathsMs: number) {
  const startMs = target.clock.monotonicMs();
  for (;;) {
    const all = await target.recoveries();
    const ours = all.filter(({ id }) => !known.has(id));
    const waitedMs = target.clock.monotonicMs() - startMs;
    if (waitedMs > deathsMs && ours.every(({ state }) => state === 'done')) return ours;
    if (waitedMs > deathsMs + RECOVERIES_MS) return ours;
    await target.clock.sleep(LOOK_MS, target.signal);
  }
}

/** Makes the fault; what it could not do, or found broken. */
async function strike(fault: Fault, target: ChaosTarget): Promise<string[]> {
  try {
    await fault.strike(target);
    return [];
  } catch (error) {
    if (!(error instanceof ChaosFailure)) throw error;
    return [messageOf(error)];
  }
}

/** Makes the fault and holds what came of it to its promise. */
async function strikeAndJudge(fault: Fault, target: ChaosTarget, config: Config) {
  const known = new Set((await target.recoveries()).map(({ id }) => id));
  const [knownVictims, before] = await Promise.all([newestVictims(target.api), jobCounts(target.api)]);
  const sinceMs = target.clock.nowMs();
  const failures = await strike(fault, target);
  // Where nobody is to die a death would be a false one, and silence is the slowest of its reasons.
  const deathsMs = DEATHS_MS + (fault.deaths.least === 0 ? config.supervision.hangLimitMs : 0);
  const recoveries = await recoveriesSince(target, known, deathsMs);
  const [newest, after] = await Promise.all([newestVictims(target.api), jobCounts(target.api)]);
  const victims = newVictims(newest, knownVictims, sinceMs);
  const faults = [
    ...failures,
    ...deathFaults(fault.deaths, deathsIn(recoveries, known), config),
    ...victimFaults(fault, victims),
  ];
  const leftBehind = recoveries.some(({ orphans }) => Object.values(orphans).some((ids) => ids.length > 0));
  return { recoveries, faults, sawJobs: leftBehind || haveJobsRun(before, after) };
}

/**
 * Makes one fault on the user's own platform: it must run from `dir` on this machine and listen on loopback alone.
 * Only processes that its launcher has started are struck. Throws `not_found`, `forbidden`, `wrong_state` or `usage`
 * before anything was done, and `interrupted` when the person said no.
 */
export async function makeFault(name: string, run: FaultRun): Promise<FaultReport> {
  const fault = faultCalled(name);
  const platform = await findPlatform(run.dir);
  const { clock, signal, token } = run;
  const harms: Harm[] = [];
  const target = createTarget(platform, { clock, signal, token, onHarm: (harm) => void harms.push(harm) });
  const hindrance = hindranceTo(fault, await premisesOf(platform, target));
  if (hindrance !== null) {
    throw new MillraceError('wrong_state', `"${name}" cannot be made here: ${hindrance}.`);
  }
  if (!(await run.confirm(`${fault.summary}. Do this to the platform at ${platform.url}?`))) {
    throw new MillraceError('interrupted', 'Nothing was done.');
  }
  const outcome = await strikeAndJudge(fault, target, platform.config);
  const [harm] = harms;
  const harmedAtMs = harm?.atMs ?? null;
  const tookMs = harmedAtMs === null ? null : Math.round(clock.nowMs() - harmedAtMs);
  return { fault: name, what: harm?.what ?? null, harmedAtMs, tookMs, ...outcome };
}
