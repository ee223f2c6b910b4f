import { type Clock, MillraceError, messageOf, type Recovery } from '@millrace/core';
import { FAULTS } from './catalogue.ts';
import { ChaosFailure, type Fault, type Need } from './fault.ts';
import { findPlatform, type LocalPlatform } from './platform.ts';
import { CHAOS_QUEUE, createTarget, type Harm } from './target.ts';

/** How long the recoveries that a fault set off may take to be told of. */
const RECOVERIES_MS = 30_000;
const LOOK_MS = 100;
/** A death that comes of it is certified within this time. */
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

const ONLY_IN_BENCH = 'it needs proxies or clocks between the processes: npm run bench -- chaos';

function missing(needs: readonly Need[]): string | null {
  if (needs.includes('wires') || needs.includes('clocks')) return ONLY_IN_BENCH;
  return needs.includes('handlers')
    ? 'it needs the handlers in handlers/src/chaos (MILLRACE_HANDLERS)'
    : null;
}

/** Every fault, and whether it can be made on a platform that serves `queues`. */
export function faultLines(servesChaos: boolean): FaultLine[] {
  return FAULTS.map(({ name, summary, needs }) => ({
    name,
    summary,
    unavailable: missing(servesChaos ? needs.filter((need) => need !== 'handlers') : needs),
  }));
}

async function servesChaos(target: {
  workers(): Promise<readonly { readonly queues: readonly string[] }[]>;
}) {
  return (await target.workers()).some(({ queues }) => queues.includes(CHAOS_QUEUE));
}

/** The faults, as they can be made on the platform that runs from `dir`; none of them where none runs. */
export async function listFaults({
  dir,
  token,
  clock,
  signal,
}: Omit<FaultRun, 'confirm'>): Promise<FaultLine[]> {
  try {
    const platform = await findPlatform(dir);
    const target = createTarget(platform, { clock, signal, token, onHarm: () => undefined });
    return faultLines(await servesChaos(target));
  } catch (error) {
    return faultLines(false).map((line) => ({ ...line, unavailable: line.unavailable ?? messageOf(error) }));
  }
}

function faultCalled(name: string): Fault {
  const fault = FAULTS.find((each) => each.name === name);
  if (fault) return fault;
  const names = FAULTS.map((each) => each.name);
  throw new MillraceError('usage', `There is no fault "${name}". There are: ${names.join(', ')}.`);
}

async function checkNeeds(
  fault: Fault,
  platform: LocalPlatform,
  target: ReturnType<typeof createTarget>,
): Promise<void> {
  const lacks = missing(fault.needs);
  const hasHandlers = fault.needs.includes('handlers') && (await servesChaos(target));
  if (lacks !== null && !(hasHandlers && lacks !== ONLY_IN_BENCH)) {
    throw new MillraceError('wrong_state', `"${fault.name}" cannot be made here: ${lacks}.`);
  }
  if (fault.needs.includes('own-store') && (await platform.processes('store')).length === 0) {
    throw new MillraceError(
      'wrong_state',
      `"${fault.name}" needs a store of the platform's own, and it uses another.`,
    );
  }
}

/** Recoveries of deaths since the harm, when all are over, or as they are after a while. */
async function recoveriesSince(target: ReturnType<typeof createTarget>, known: ReadonlySet<string>) {
  const startMs = target.clock.monotonicMs();
  for (;;) {
    const all = await target.recoveries();
    const ours = all.filter(({ id }) => !known.has(id));
    const waitedMs = target.clock.monotonicMs() - startMs;
    if (waitedMs > DEATHS_MS && ours.every(({ state }) => state === 'done')) return ours;
    if (waitedMs > RECOVERIES_MS) return ours;
    await target.clock.sleep(LOOK_MS, target.signal);
  }
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
  await checkNeeds(fault, platform, target);
  if (!(await run.confirm(`${fault.summary}. Do this to the platform at ${platform.url}?`))) {
    throw new MillraceError('interrupted', 'Nothing was done.');
  }
  const known = new Set((await target.recoveries()).map(({ id }) => id));
  const faults: string[] = [];
  try {
    await fault.strike(target);
  } catch (error) {
    if (!(error instanceof ChaosFailure)) throw error;
    faults.push(messageOf(error));
  }
  const recoveries = await recoveriesSince(target, known);
  const [harm] = harms;
  const harmedAtMs = harm?.atMs ?? null;
  const tookMs = harmedAtMs === null ? null : Math.round(clock.nowMs() - harmedAtMs);
  return { fault: name, what: harm?.what ?? null, harmedAtMs, tookMs, recoveries, faults };
}
