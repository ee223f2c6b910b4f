export { type ComparedFigure, type Comparison, compareRuns, type Obstacle } from './compare/compare.ts';
export { diagnose } from './diagnosis/diagnose.ts';
export type { Cause, Finding, Shape, Signature } from './diagnosis/finding.ts';
export type {
  JobDoneEvent,
  JobFailedEvent,
  JobKilledEvent,
  MetricsEvent,
  MetricsSource,
  MetricValues,
  RefusedEvent,
  RssEvent,
  RunEvent,
  RunEventLine,
  WorkerCrashEvent,
  WorkerRestartEvent,
} from './events.ts';
export {
  type BandRule,
  type JobTimes,
  type Steady,
  steadyOf,
  timeToBand,
  type Window,
  windowsOf,
} from './figures/band.ts';
export { type Gate, gate, gateAtLeast, gateLines, told } from './figures/gate.ts';
export { lossArea, meanLevel, type Passage, settledAt } from './figures/loss-area.ts';
export { median, quantile, type Spread, spread } from './figures/quantile.ts';
export { type Ratio, ratioOfMedians } from './figures/ratio.ts';
export { gatherReports, type Sources } from './gather.ts';
export { renderPage } from './html/page.ts';
export { readEvents } from './read/jsonl.ts';
export { reportOn } from './report.ts';
export type * from './summary/run-summary.ts';
export { SOURCE_TEXTS } from './summary/source-texts.ts';
export { DEFAULT_SETTINGS, type SummarySettings } from './summary/summarize.ts';
export { fetchAnswer } from './traces/fetch-answer.ts';
export type { Answer, Get } from './traces/jaeger.ts';
