import { describe, expect, test } from 'vitest';
import { plotOf, stepsTo } from './plot.ts';
import { type K6Data, reportOf } from './report.ts';
import { settingsOf } from './settings.ts';
import { summarize } from './summary.ts';
import { summaryJunit } from './summary-junit.ts';
import { summaryPage } from './summary-page.ts';
import { summaryText } from './summary-text.ts';
import { escaped, msText, numberText } from './words.ts';

const settings = settingsOf('smoke', { MILLRACE_URL: 'http://h/<b>"&', MILLRACE_LOAD_DURATION: '5s' });

const counter = (count: number, threshold?: string, ok = true) => ({
  type: 'counter',
  values: { count, rate: 0 },
  ...(threshold ? { thresholds: { [threshold]: { ok } } } : {}),
});
const trend = (med: number) => ({
  type: 'trend',
  values: {
    count: 9,
    min: 1,
    avg: 2,
    med,
    'p(90)': 90,
    'p(95)': 95,
    'p(99)': 99,
    'p(99.9)': 99.9,
    max: 1234,
  },
  thresholds: { 'max>=0': { ok: true } },
});

/** k6's data of a run in which `lost` jobs were lost. */
const dataOf = (lost: number): K6Data => ({
  metrics: {
    jobs_accepted: counter(1234, 'count>0'),
    unaccounted: counter(lost, 'count==0', lost === 0),
    jobs_ended: counter(1234),
    job_total: trend(37),
    'jobs_accepted{slice:1}': counter(20, 'count>=0'),
    'job_total{slice:1}': trend(40),
    'job_total{scenario:bulk}': trend(41),
  },
  setup_data: { id: 'load-1', startedAt: 'Sat, 21 Nov 2026 17:39:35 GMT' },
  state: { testRunDurationMs: 5432.1 },
});

describe('the report', () => {
  const report = reportOf(dataOf(0), settings);

  test('has the verdict without the lines that cannot fail', () => {
    expect(report.passed).toBe(true);
    expect(report.verdict.map(({ metric }) => metric)).toEqual(['unaccounted', 'jobs_accepted']);
  });

  test('has no times where there were none', () => {
    expect(report.times.total).toMatchObject({ count: 9, p50: 37, p95: 95, max: 1234 });
    expect(report.times.accept).toBeNull();
    expect(report.series.totalP50).toEqual([null, 40, null, null, null]);
    expect(report.series.accepted).toEqual([0, 20, 0, 0, 0]);
  });

  test('tells what was crossed first', () => {
    const red = reportOf(dataOf(2), settings);
    expect(red.passed).toBe(false);
    expect(red.verdict[0]).toMatchObject({ metric: 'unaccounted', value: 2, ok: false });
  });

  test('of a run that did not begin is no pass', () => {
    const nothing = { metrics: {}, state: { testRunDurationMs: 5 } };
    expect(reportOf(nothing, settings)).toMatchObject({ passed: false, run: null, startedAt: null });
    expect(summaryText(reportOf(nothing, settings))).toContain('FAILED');
    expect(summaryPage(reportOf(nothing, settings))).toContain('did not begin');
  });
});

describe('its forms', () => {
  const red = reportOf(dataOf(2), settings);

  test('text', () => {
    const text = summaryText(red);
    expect(text).toContain('FAILED  smoke');
    expect(text).toContain(
      '✗ the jobs accepted are those that the ledger saw end: none was lost  (unaccounted count==0: 2)',
    );
    expect(text).toContain('1,234 accepted');
  });

  test('JUnit has a failure for each threshold that was crossed, and is well-formed', () => {
    const xml = summaryJunit(red);
    expect(xml).toContain('tests="2" failures="1"');
    expect(xml.match(/<failure /g)).toHaveLength(1);
    expect(xml).toContain('jobs_accepted count&gt;0');
  });

  test('the page loads nothing, runs nothing, and takes no word for a tag', () => {
    const page = summaryPage(red);
    expect(page).not.toMatch(/<script(?! type="application\/json")/);
    expect(page).not.toMatch(/\b(src|href)=|@import|url\(/);
    expect(page).not.toContain('<b>"');
    expect(page.match(/<figure>/g)).toHaveLength(3);
    expect(page).not.toContain('NaN');
    const json = /id="report">(.*)<\/script>/.exec(page)?.[1] ?? '';
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(red)));
  });

  test('go into files, or without files the JSON ends the output', () => {
    expect(Object.keys(summarize(dataOf(0), settings)).sort()).toEqual(
      [
        './millrace-load-smoke.html',
        './millrace-load-smoke.json',
        './millrace-load-smoke.xml',
        'stdout',
      ].sort(),
    );
    const { stdout = '' } = summarize(dataOf(0), { ...settings, out: '-' });
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ schema: 1, passed: true });
  });
});

describe('a plot', () => {
  test.each([
    [0, [0, 1]],
    [1, [0, 0.25, 0.5, 0.75, 1]],
    [37, [0, 10, 20, 30, 40]],
    [400, [0, 100, 200, 300, 400]],
    [Number.NaN, [0, 1]],
  ])('up to %s has the steps %j', (most, steps) => expect(stepsTo(most)).toEqual(steps));

  test('leaves gaps where there is nothing, and draws a lonely value', () => {
    const line = { name: 'a', style: 'c1', values: [1, 2, null, 4, null] };
    const svg = plotOf({ title: 't', xs: [0, 1, 2, 3, 4], xText: String, yText: String, lines: [line] });
    const path = / d="([^"]*)"/.exec(svg)?.[1] ?? '';
    expect(path.match(/M/g)).toHaveLength(2);
    expect(path).toMatch(/M([\d. ]+)L\1$/);
  });
});

test.each([
  [0.04, '0 ms'],
  [9.87, '9.9 ms'],
  [37.4, '37 ms'],
  [1_240, '1.24 s'],
  [90_000, '1.5 min'],
])('%s ms reads %s', (ms, text) => expect(msText(ms)).toBe(text));

test('words', () => {
  expect(numberText(1234567)).toBe('1,234,567');
  expect(numberText(0.02345)).toBe('0.02');
  expect(escaped(`<a b="c" d='&'>`)).toBe('&lt;a b=&quot;c&quot; d=&#39;&amp;&#39;&gt;');
});
