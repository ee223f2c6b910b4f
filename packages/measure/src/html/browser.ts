import type { Plot, PlotLine, PlotMark } from './page-data.ts';

/**
 * The script of the page: its functions go into the page as they stand here, so they name nothing but each other and
 * what a browser has.
 */

/** Of a browser and of uPlot, what the script uses. */
interface Element {
  clientWidth: number;
  textContent: string;
  append(child: unknown): void;
  replaceChildren(): void;
}
interface Chart {
  ctx: {
    save(): void;
    restore(): void;
    beginPath(): void;
    moveTo(x: number, y: number): void;
    lineTo(x: number, y: number): void;
    stroke(): void;
    setLineDash(dashes: readonly number[]): void;
    strokeStyle: string;
    lineWidth: number;
  };
  bbox: { top: number; height: number; left: number; width: number };
  valToPos(value: number, scale: string, isCanvas: boolean): number;
  setSize(size: { width: number; height: number }): void;
}
interface Browser {
  document: { getElementById(id: string): Element; documentElement: unknown };
  getComputedStyle(element: unknown): { getPropertyValue(name: string): string };
  matchMedia(query: string): { addEventListener(event: string, fn: () => void): void };
  ResizeObserver: new (fn: () => void) => { observe(element: unknown): void };
  uPlot: { new (options: unknown, data: unknown, target: unknown): Chart; join(tables: unknown): unknown };
}
declare const browser: Browser;

function colourOf(name: string): string {
  const style = browser.getComputedStyle(browser.document.documentElement);
  return style.getPropertyValue(`--${name}`).trim();
}

function drawMarks(chart: Chart, marks: readonly PlotMark[]): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.lineWidth = 1.5;
  for (const mark of marks) {
    const x = Math.round(chart.valToPos(mark.x, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = colourOf(mark.kind === 'death' ? 'bad' : 'good');
    ctx.setLineDash(mark.kind === 'death' ? [] : [4, 4]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** Few digits, and a word for thousands. */
function shortNumber(value: number): string {
  if (Math.abs(value) >= 10_000) return `${Math.round(value / 1_000)}k`;
  return String(Number(value.toPrecision(3)));
}

/** 1 → 90 %, 2 → 99 %. */
function percentText(nines: number): string {
  if (nines === 0) return '0 %';
  return `${Number((100 * (1 - 10 ** -nines)).toFixed(Math.max(0, Math.ceil(nines) - 2)))} %`;
}

function axisOf(size: number, text: (value: number) => string): object {
  const grid = { stroke: colourOf('grid'), width: 1 };
  const values = (_: unknown, ticks: readonly (number | null)[]) =>
    ticks.map((tick) => (tick === null ? '' : text(tick)));
  return { stroke: colourOf('muted'), grid, ticks: grid, size, font: '12px system-ui', values };
}

function seriesOf(line: PlotLine, unit: string): object {
  const value = (_: unknown, at: number | null) =>
    at === null || at === undefined ? '–' : `${shortNumber(at)} ${unit}`;
  return {
    label: line.label,
    stroke: colourOf(`line-${line.colour % 6}`),
    width: 2,
    spanGaps: true,
    points: { show: line.xs.length < 3 && !line.dashed },
    value,
    ...(line.dashed ? { dash: [6, 4], width: 1.5 } : {}),
  };
}

function optionsOf(plot: Plot, width: number): object {
  const isTime = plot.x === 'seconds';
  const first = {
    label: isTime ? 'at' : 'percentile',
    value: (_: unknown, at: number | null) =>
      at === null ? '–' : isTime ? `${shortNumber(at)} s` : percentText(at),
  };
  const nines = { incrs: [1] };
  return {
    width,
    height: width < 500 ? 220 : 260,
    scales: { x: { time: false }, y: plot.isLog ? { distr: 3 } : { range: fromZero } },
    series: [first, ...plot.lines.map((line) => seriesOf(line, plot.y))],
    axes: [
      {
        ...axisOf(32, isTime ? (value) => `${shortNumber(value)} s` : percentText),
        ...(isTime ? {} : nines),
      },
      axisOf(56, shortNumber),
    ],
    hooks: { draw: [(chart: Chart) => drawMarks(chart, plot.marks)] },
  };
}

function fromZero(_: unknown, _least: number, most: number): [number, number] {
  return [0, most > 0 ? most * 1.08 : 1];
}

function drawPlot(plot: Plot): Chart {
  const target = browser.document.getElementById(plot.id);
  target.replaceChildren();
  const data = browser.uPlot.join(plot.lines.map(({ xs, ys }) => [xs, ys]));
  return new browser.uPlot(optionsOf(plot, target.clientWidth), data, target);
}

/** Draws all plots, again when the colours change, and fits them to their place when that does. */
function drawAll(): void {
  const plots = JSON.parse(browser.document.getElementById('plots').textContent) as readonly Plot[];
  for (const plot of plots) {
    const target = browser.document.getElementById(plot.id);
    let chart = drawPlot(plot);
    let width = target.clientWidth;
    const fit = () => {
      if (target.clientWidth === width) return;
      width = target.clientWidth;
      chart.setSize({ width, height: width < 500 ? 220 : 260 });
    };
    new browser.ResizeObserver(fit).observe(target);
    browser.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      chart = drawPlot(plot);
    });
  }
}

/** The script's text. */
export function browserScript(): string {
  const functions = [
    ...[colourOf, drawMarks, shortNumber, percentText, axisOf, seriesOf, optionsOf, fromZero],
    ...[drawPlot, drawAll],
  ];
  return `const browser = globalThis;\n${functions.map(String).join('\n')}\ndrawAll();`;
}
