import type { Recovery } from '@millrace/core';

/** Beats of 10 s at the default of 250 ms. */
const MOST_BEATS = 40;
const MOST_LINES = 20;
const MOST_EVIDENCE = 16;
const LONGEST_LINE = 1_000;

/** One unit is at most one UTF-16 surrogate: a pair is never cut in two. */
function clip(line: string): string {
  if (line.length <= LONGEST_LINE) return line;
  const kept = line.slice(0, LONGEST_LINE);
  return `${kept.isWellFormed() ? kept : kept.slice(0, -1)}…`;
}

/**
 * A recovery as the API tells it: whatever a dying process wrote, its certificate stays small, since a list holds
 * up to a thousand. Kept is what was last: beats and lines just before the end, the first evidence.
 */
export function boundedRecovery(recovery: Recovery): Recovery {
  const { certificate } = recovery;
  // A record that an older version left in the store has neither lines nor beats.
  const { evidence = [], lastLines = [], beats = [] } = certificate;
  return {
    ...recovery,
    certificate: {
      ...certificate,
      evidence: evidence.slice(0, MOST_EVIDENCE),
      lastLines: lastLines.slice(-MOST_LINES).map(clip),
      beats: beats.slice(-MOST_BEATS),
    },
  };
}
