import { escaped } from './words.ts';

/** A line of a plot: a y for each x, null where there is none. */
export interface Line {
  readonly name: string;
  /** A class of the page's style sheet. */
  readonly style: string;
  readonly values: readonly (number | null)[];
}

export interface Plot {
  readonly title: string;
  readonly xs: readonly number[];
  readonly xText: (x: number) => string;
  readonly yText: (y: number) => string;
  readonly lines: readonly Line[];
  /** Moments to be marked, in x. */
  readonly moments?: readonly number[];
  readonly momentName?: string;
}

const WIDTH = 720;
const HEIGHT = 260;
const LEFT = 72;
const RIGHT = 16;
const TOP = 14;
const BOTTOM = 34;
const X_TICKS = 8;

/** Round steps that cover 0 … `most` in about four. */
export function stepsTo(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * power).find((each) => each >= rough) ?? 10 * power;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, at) => at * step);
}

interface Scale {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

const fixed = (value: number) => value.toFixed(1);

function pathOf(line: Line, xs: readonly number[], { x, y }: Scale): string {
  let isDown = false;
  const steps = line.values.map((value, at) => {
    if (value === null) {
      isDown = false;
      return '';
    }
    const step = `${isDown ? 'L' : 'M'}${fixed(x(xs[at] as number))} ${fixed(y(value))}`;
    isDown = true;
    return step;
  });
  // A value between two gaps is a point: a line of no length with round ends shows it.
  const path = steps.join('').replace(/M([\d. ]+)(?=M|$)/g, 'M$1L$1');
  return `<path class="line ${line.style}" d="${path}"/>`;
}

function axes(plot: Plot, ySteps: readonly number[], { x, y }: Scale): string {
  const across = ySteps.map(
    (step) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${fixed(y(step))}" y2="${fixed(y(step))}"/>` +
      `<text class="tick" text-anchor="end" x="${LEFT - 8}" y="${fixed(y(step) + 4)}">${escaped(plot.yText(step))}</text>`,
  );
  const every = Math.max(1, Math.ceil(plot.xs.length / X_TICKS));
  const along = plot.xs
    .filter((_, at) => at % every === 0)
    .map(
      (value) =>
        `<text class="tick" text-anchor="middle" x="${fixed(x(value))}" y="${HEIGHT - BOTTOM + 18}">${escaped(plot.xText(value))}</text>`,
    );
  return [...across, ...along].join('');
}

function legendOf({ lines, moments = [], momentName }: Plot): string {
  const keys = lines.map(
    ({ name, style }) =>
      `<span class="key"><svg width="18" height="8"><line class="line ${style}" x1="1" x2="17" y1="4" y2="4"/></svg>${escaped(name)}</span>`,
  );
  const marks =
    moments.length > 0 && momentName
      ? [
          `<span class="key"><svg width="8" height="12"><line class="moment" x1="4" x2="4" y1="0" y2="12"/></svg>${escaped(momentName)}</span>`,
        ]
      : [];
  return `<div class="legend">${[...keys, ...marks].join('')}</div>`;
}

/** A plot as SVG in HTML, drawn by the page's style sheet; nothing is loaded and no script runs. */
export function plotOf(plot: Plot): string {
  const values = plot.lines.flatMap((line) => line.values.filter((value) => value !== null));
  const ySteps = stepsTo(Math.max(0, ...values));
  const yMost = ySteps.at(-1) as number;
  const first = plot.xs[0] ?? 0;
  const span = Math.max((plot.xs.at(-1) ?? 1) - first, Number.MIN_VALUE);
  const scale: Scale = {
    x: (value) => LEFT + ((value - first) / span) * (WIDTH - LEFT - RIGHT),
    y: (value) => HEIGHT - BOTTOM - (value / yMost) * (HEIGHT - TOP - BOTTOM),
  };
  const marks = (plot.moments ?? []).map((moment) => {
    const at = fixed(scale.x(moment));
    return `<line class="moment" x1="${at}" x2="${at}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`;
  });
  const drawn = plot.lines.map((line) => pathOf(line, plot.xs, scale));
  return `<figure><figcaption>${escaped(plot.title)}</figcaption>${legendOf(plot)}<svg role="img" aria-label="${escaped(plot.title)}" viewBox="0 0 ${WIDTH} ${HEIGHT}">${axes(plot, ySteps, scale)}${marks.join('')}${drawn.join('')}</svg></figure>`;
}
