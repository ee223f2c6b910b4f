import { blankDeath, type Death } from '../book/death-book.ts';
import { CLIENT_ID, DEATH_CAUSE, RECOVER, RECOVERY } from './names.ts';
import type { Span } from './span.ts';

const RESTART = 'restart';
const PHASES = new Set(['detect', 'fence', 'reclaim', 'respawn', RESTART]);
/** A recovery belongs to a run that was on when it began, or had just ended. */
const AFTER_US = 2_000_000;

interface Phase {
  readonly firstUs: number;
  readonly lastUs: number;
}

/** An orphan's way back: given back to its queue, and the attempts before and after. */
interface Return {
  readonly returnedUs: number;
  readonly attempts: readonly string[];
}

/** When an attempt's handler began (µs since 1970); null for a span that is not there. */
export type StartOf = (spanId: string) => number | null;

/** The traces of recoveries: a root `recover`, a child for each phase and each orphan. */
export class RecoverySpans {
  readonly #roots = new Map<string, Span>();
  /** By the root's id, then by the phase's name: when it was over. */
  readonly #phases = new Map<string, Map<string, Phase>>();
  /** By the root's id, then by its own: a span may come twice. */
  readonly #returns = new Map<string, Map<string, Return>>();

  isPhase({ name, parentSpanId, kind }: Span): boolean {
    return kind === 1 && parentSpanId !== null && PHASES.has(name);
  }

  add(span: Span): void {
    if (span.name === RECOVER) {
      this.#roots.set(span.spanId, span);
      return;
    }
    const parent = span.parentSpanId as string;
    const phases = this.#phases.get(parent) ?? new Map<string, Phase>();
    const known = phases.get(span.name);
    const firstUs = Math.min(known?.firstUs ?? Number.POSITIVE_INFINITY, span.endUs);
    phases.set(span.name, { firstUs, lastUs: Math.max(known?.lastUs ?? 0, span.endUs) });
    this.#phases.set(parent, phases);
    if (span.name !== RESTART) return;
    const returns = this.#returns.get(parent) ?? new Map<string, Return>();
    returns.set(span.spanId, { returnedUs: span.startUs, attempts: span.links });
    this.#returns.set(parent, returns);
  }

  /** Deaths between two moments (µs since 1970), as times of a run that started at `baseUs`. */
  deaths(baseUs: number, lastUs: number, startOf: StartOf): Death[] {
    return [...this.#roots.values()]
      .filter(({ startUs }) => startUs >= baseUs && startUs <= lastUs + AFTER_US)
      .sort((a, b) => a.startUs - b.startUs)
      .map((root) => ({ ...this.#deathOf(root, baseUs), ...this.#seen(root, baseUs, startOf) }));
  }

  /**
   * When the orphans were back and ran again, as their own attempts tell it: an events file tells the same moments. The
   * root has when a supervisor heard of them. Nothing unless every orphan is there.
   */
  #seen(root: Span, baseUs: number, startOf: StartOf): Partial<Death> {
    const returns = [...(this.#returns.get(root.spanId)?.values() ?? [])];
    const starts = returns.flatMap(({ attempts }) => {
      const later = attempts.length > 1 ? startOf(attempts.at(-1) as string) : null;
      return later === null ? [] : [later - baseUs];
    });
    const orphans = root.number(`${RECOVERY}.orphans`) ?? 0;
    if (orphans === 0 || starts.length < orphans) return {};
    return {
      reclaimedUs: Math.max(...returns.map(({ returnedUs }) => returnedUs)) - baseUs,
      firstRestartUs: Math.min(...starts),
      lastRestartUs: Math.max(...starts),
    };
  }

  /** The root tells the phases exactly; where it does not, its children do. */
  #deathOf(root: Span, baseUs: number): Death {
    const phases = this.#phases.get(root.spanId);
    const diedUs = root.startUs - baseUs;
    const told = (key: string, phase: string, end: keyof Phase) => {
      const us = root.number(`${RECOVERY}.${key}_us`);
      if (us !== null) return diedUs + us;
      const child = phases?.get(phase);
      return child === undefined ? null : child[end] - baseUs;
    };
    return {
      ...blankDeath(root.text(CLIENT_ID) ?? 'unknown', diedUs),
      cause: root.text(DEATH_CAUSE),
      orphans: root.number(`${RECOVERY}.orphans`) ?? 0,
      detectedUs: told('detect', 'detect', 'lastUs'),
      fencedUs: told('fence', 'fence', 'lastUs'),
      reclaimedUs: told('reclaim', 'reclaim', 'lastUs'),
      respawnedUs: told('respawn', 'respawn', 'lastUs'),
      firstRestartUs: told('first_orphan', 'restart', 'firstUs'),
      lastRestartUs: told('last_orphan', 'restart', 'lastUs'),
      traceId: root.traceId,
    };
  }
}
