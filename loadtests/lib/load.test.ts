import { describe, expect, test } from 'vitest';
import { PROFILES, type ProfileName, peakOf, stagesOf } from './profiles.ts';
import { BULK, perMinuteOf, scenariosOf, WAYS } from './scenarios.ts';
import { settingsOf } from './settings.ts';
import { sliceAt, slicesOf } from './slices.ts';
import { ALWAYS, thresholdsOf } from './thresholds.ts';

const NAMES = Object.keys(PROFILES) as ProfileName[];

describe.each(NAMES)('%s', (name) => {
  const settings = settingsOf(name, {});
  const profile = PROFILES[name];

  test('lasts as long as it says', () => {
    const total = stagesOf(profile, settings.durationS, 600).reduce(
      (ms, { duration }) => ms + Number.parseInt(duration, 10),
      0,
    );
    expect(total).toBeCloseTo(settings.durationS * 1000, -1);
  });

  test('offers as many jobs a second as it says', () => {
    const jobs = WAYS.reduce(
      (sum, way) => sum + (perMinuteOf(way, 60) / 60) * (way === 'bulk' ? BULK : 1),
      0,
    );
    expect(jobs).toBeCloseTo(60);
    expect(peakOf(profile)).toBeGreaterThanOrEqual(1);
  });

  test('has open rates alone, but for the keeper of the books', () => {
    for (const [scenario, { executor }] of Object.entries(scenariosOf(settings))) {
      expect(executor).toMatch(scenario === 'books' ? /^per-vu-iterations$/ : /-arrival-rate$/);
    }
  });

  test('judges the books', () => {
    const thresholds = thresholdsOf(settings);
    for (const metric of ['jobs_duplicated', 'ledger_gaps', 'jobs_failed'])
      expect(thresholds[metric]).toEqual(['count==0']);
    expect(thresholds.jobs_accepted).toEqual(['count>0']);
    const isCutOff = profile.mood === 'broken';
    for (const metric of ['unsettled', 'unaccounted', 'uncertain']) {
      expect(thresholds[metric]).toEqual(isCutOff ? undefined : ['count==0']);
    }
  });

  test('aborts only at its breaking point', () => {
    expect(JSON.stringify(thresholdsOf(settings)).includes('abortOnFail')).toBe(profile.mood === 'broken');
  });
});

test('each runner has a keeper, and the kills are one runner’s', () => {
  const settings = settingsOf('chaos', { MILLRACE_LOAD_RUNNERS: '3' });
  const { books, kills } = scenariosOf(settings) as unknown as Record<
    string,
    { vus?: number; rate?: number }
  >;
  expect(books?.vus).toBe(3);
  expect(kills?.rate).toBe(1);
  expect(thresholdsOf(settings).kills).toBeUndefined();
  expect(thresholdsOf(settingsOf('chaos', {})).kills).toEqual(['count>0']);
});

test('what is told by slice cannot fail', () => {
  const sliced = Object.entries(thresholdsOf(settingsOf('smoke', {}))).filter(([name]) => name.includes('{'));
  expect(sliced.length).toBeGreaterThan(20);
  for (const [, expressions] of sliced) expect([ALWAYS.count, ALWAYS.trend]).toContain(expressions[0]);
});

test.each([
  [5, 5],
  [40, 40],
  [3_600, 40],
])('a run of %i s has %i slices, and every moment is in one', (durationS, count) => {
  const slices = slicesOf(durationS);
  expect(slices.count).toBe(count);
  expect(sliceAt(slices, 0)).toBe('0');
  expect(sliceAt(slices, durationS * 1000 - 1)).toBe(String(count - 1));
  expect(sliceAt(slices, durationS * 1000)).toBe('late');
});
