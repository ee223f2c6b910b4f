import type { BeatAnswer } from '../death-answers.ts';
import type { Paint } from './colour.ts';
import { printable, truncate } from './text-width.ts';
import { bytes, duration } from './units.ts';

/** The URL of a trace, else its id; nothing where the server tells neither. */
export function traceFacts({ traceId, links }: Traced): (readonly [string, string])[] {
  const trace = links?.trace ?? traceId;
  return trace === undefined ? [] : [['trace', printable(trace)]];
}

const LEVELS = '▁▂▃▄▅▆▇█';
/** Beats drawn side by side; more are thinned out. */
const DRAWN = 24;

/** How a process ended, as certificates and kills tell it. */
interface End {
  readonly cause: string;
  readonly exitCode: number | null;
  readonly exitSignal: string | null;
}

interface Traced {
  readonly traceId?: string | undefined;
  readonly links?: { readonly trace?: string | undefined } | undefined;
}

interface Memory {
  readonly peakRssBytes: number | null;
  readonly memoryLimitBytes: number | null;
  readonly beats: readonly BeatAnswer[];
}

const CAUSES: Readonly<Record<string, string>> = {
  crash: 'crash',
  oom: 'out of memory',
  killed: 'killed by somebody who did not say so',
  ordered: 'killed by an order',
  hung: 'hung',
  'pod-lost': 'lost with its pod',
  shutdown: 'ended as planned',
};

/** `out of memory, exit code 134`. */
export function endText({ cause, exitCode, exitSignal }: End): string {
  const exit = exitSignal ?? (exitCode === null ? null : `exit code ${exitCode}`);
  return [CAUSES[cause] ?? cause, exit].filter((part) => part !== null).join(', ');
}

/** Values as a row of blocks, the highest full; empty for none. */
export function sparkline(values: readonly number[], most = DRAWN): string {
  const step = Math.max(1, values.length / most);
  const drawn = Array.from({ length: Math.min(values.length, most) }, (_, at) => {
    const upTo = Math.max(Math.floor(at * step) + 1, Math.floor((at + 1) * step));
    return Math.max(...values.slice(Math.floor(at * step), upTo));
  });
  const highest = Math.max(1, ...drawn);
  return drawn.map((value) => LEVELS[Math.round((value / highest) * (LEVELS.length - 1))]).join('');
}

/** `peak 510 MiB of 512 MiB` and `▁▂▅█  80.0 MiB to 498 MiB in 9.8 s`, as far as somebody looked. */
export function memoryTexts({ peakRssBytes, memoryLimitBytes, beats }: Memory): string[] {
  const [first, last] = [beats[0], beats.at(-1)];
  const course =
    first && last && beats.length > 1
      ? `${sparkline(beats.map(({ rssBytes }) => rssBytes))}  ${bytes(first.rssBytes)} to ${bytes(last.rssBytes)} in ${duration(last.atMs - first.atMs)}`
      : null;
  const limit = memoryLimitBytes === null ? '' : ` of ${bytes(memoryLimitBytes)}`;
  const peak = peakRssBytes === null ? null : `peak ${bytes(peakRssBytes)}${limit}`;
  return [peak, course].filter((part) => part !== null);
}

/** The last lines of a process behind a bar, each on one line of the screen. */
export function lastLines(
  lines: readonly string[],
  indent: string,
  { width, paint }: { readonly width: number; readonly paint: Paint },
): string[] {
  return lines.map(
    (line) => `${indent}${paint.dim('│')} ${truncate(printable(line), width - indent.length - 2)}`,
  );
}
