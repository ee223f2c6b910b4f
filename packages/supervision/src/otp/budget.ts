import type { SupervisorState } from './state.ts';
import type { SupervisorSpec } from './types.ts';

/** The restarts that still count at `nowMs`. As in OTP the period includes its first moment. */
function recent(restarts: readonly number[], nowMs: number, periodMs: number): readonly number[] {
  return restarts.filter((atMs) => nowMs - atMs <= periodMs);
}

/**
 * A clock that was set back leaves restarts in the future: they are as if made now, or a jump of an hour would keep
 * them for an hour. With a clock that goes on the very same state comes back.
 */
export function withoutFuture(state: SupervisorState, nowMs: number): SupervisorState {
  if (state.restarts.every((atMs) => atMs <= nowMs)) return state;
  return { ...state, restarts: state.restarts.map((atMs) => Math.min(atMs, nowMs)) };
}

/** How many restarts count against the intensity at `nowMs`. */
export function restartsUsed({ restarts, spec }: SupervisorState, nowMs: number): number {
  return recent(restarts, nowMs, spec.periodMs).length;
}

/** Counts a restart at `nowMs`; more than `intensity` within the period is one too many. */
export function countRestart(
  { restarts, spec }: SupervisorState,
  nowMs: number,
): { readonly restarts: readonly number[]; readonly isTooMany: boolean } {
  const counted = [...recent(restarts, nowMs, spec.periodMs), nowMs];
  return { restarts: counted, isTooMany: counted.length > spec.intensity };
}

/** No pause in front of a restart is longer than this, however often somebody dies. */
const LONGEST_BACKOFF_MS = 5_000;

/** The pauses of a configuration that says `supervision.backoffMs`. */
export function backoffFrom(firstMs: number): NonNullable<SupervisorSpec['backoff']> {
  return { firstMs, maxMs: LONGEST_BACKOFF_MS };
}

/**
 * Ms to wait before a restart when `used` restarts, this one included, lie within the period: the first is
 * immediate, since most deaths are single; then `firstMs` doubling to `maxMs`, so that a loop of crashes is slow.
 */
export function restartDelayMs(used: number, backoff: SupervisorSpec['backoff']): number {
  if (backoff === null || used <= 1) return 0;
  return Math.min(backoff.maxMs, backoff.firstMs * 2 ** (used - 2));
}
