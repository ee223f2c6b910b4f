import { blankDeath, type Death } from '../book/death-book.ts';
import { CLIENT_ID, DEATH_CAUSE, RECOVER, RECOVERY } from './names.ts';
import type { Span } from './span.ts';

const PHASES = new Set(['detect', 'fence', 'reclaim', 'respawn', 'restart']);
/** A recovery belongs to a run that was on when it began, or had just ended. */
const AFTER_US = 2_000_000;

interface Phase {
  readonly firstUs: number;
  readonly lastUs: number;
}

/** The traces of recoveries: a root `recover`, a child for each phase and each orphan. */
export class RecoverySpans {
  readonly #roots = new Map<string, Span>();
  /** By the root's id, then by the phase's name: when it was over. */
  readonly #phases = new Map<string, Map<string, Phase>>();

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
  }

  /** Deaths between two moments (µs since 1970), as times of a run that started at `baseUs`. */
  deaths(baseUs: number, lastUs: number): Death[] {
    return [...this.#roots.values()]
      .filter(({ startUs }) => startUs >= baseUs && startUs <= lastUs + AFTER_US)
      .sort((a, b) => a.startUs - b.startUs)
      .map((root) => this.#deathOf(root, baseUs));
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
