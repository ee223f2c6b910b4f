import type { Paint } from './colour.ts';
import { truncate } from './text-width.ts';
import { count, duration, rate } from './units.ts';

/** How far a stream of jobs is. Times in ms, sizes in bytes. */
export interface Progress {
  readonly elapsedMs: number;
  /** Bytes of the input whose results are known, and of how many; null when the end is not known (a pipe). */
  readonly bytesAnswered: number;
  readonly bytesTotal: number | null;
  readonly accepted: number;
  readonly refused: number;
  /** Refusals that lie in the line itself: not JSON, not valid, too long. */
  readonly badLines: number;
  /** Results per second over the last moments. */
  readonly perSecond: number;
}

const BAR_WIDTH = 20;

function bar(share: number): string {
  const filled = Math.floor(Math.min(1, share) * BAR_WIDTH);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`;
}

function remaining(progress: Progress, share: number): string {
  if (share <= 0 || share >= 1 || progress.elapsedMs < 1_000) return '';
  return `${duration((progress.elapsedMs * (1 - share)) / share)} left`;
}

/** One line of at most `width` columns that is drawn over itself. */
export function renderProgress(progress: Progress, width: number, paint: Paint): string {
  const { bytesAnswered, bytesTotal } = progress;
  const share = bytesTotal === null ? null : bytesTotal === 0 ? 1 : bytesAnswered / bytesTotal;
  const parts = [
    share === null ? '' : `${bar(share)} ${String(Math.floor(Math.min(1, share) * 100)).padStart(3)} %`,
    `${count(progress.accepted)} accepted`,
    rate(progress.perSecond),
    progress.refused > 0 ? `${count(progress.refused)} refused` : '',
    progress.badLines > 0 ? `${count(progress.badLines)} bad` : '',
    share === null ? duration(progress.elapsedMs) : remaining(progress, share),
  ].filter((part) => part !== '' && part !== '-');
  const line = truncate(parts.join('  '), Math.max(1, width - 1));
  return progress.refused + progress.badLines > 0 ? paint.yellow(line) : line;
}

/** Accepted, refused and bad, with the mean rate: the last word on a finished stream. */
export function renderSummary(progress: Progress): string {
  const settled = progress.accepted + progress.refused + progress.badLines;
  const perSecond = progress.elapsedMs > 0 ? (settled * 1_000) / progress.elapsedMs : 0;
  return [
    `${count(progress.accepted)} accepted`,
    `${count(progress.refused)} refused`,
    `${count(progress.badLines)} bad lines`,
    `in ${duration(progress.elapsedMs)}${perSecond > 0 ? ` (${rate(perSecond)})` : ''}`,
  ].join(', ');
}
