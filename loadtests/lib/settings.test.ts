import { describe, expect, test } from 'vitest';
import { durationMs, K6_TRAPS, settingsOf, VARIABLES } from './settings.ts';

describe('settings', () => {
  test('are the profile’s, unless the environment says otherwise', () => {
    expect(settingsOf('average', {})).toMatchObject({ rate: 50, durationS: 60, keys: false, killEveryS: 0 });
    expect(settingsOf('chaos', {})).toMatchObject({ keys: true, killEveryS: 15 });
    const said = {
      MILLRACE_URL: 'https://x.example/',
      MILLRACE_LOAD_RATE: '7.5',
      MILLRACE_LOAD_DURATION: '2m',
      MILLRACE_LOAD_SLEEP: '5-3000',
      MILLRACE_LOAD_KEYS: 'off',
      MILLRACE_LOAD_KILL_EVERY: '0s',
    };
    expect(settingsOf('chaos', said)).toMatchObject({
      ...{ url: 'https://x.example', rate: 7.5, durationS: 120, sleepMinMs: 5, sleepMaxMs: 3000 },
      ...{ keys: false, killEveryS: 0 },
    });
  });

  test.each([
    ['MILLRACE_LOAD_RATE', 'many', 'number'],
    ['MILLRACE_LOAD_RATE', '0', 'number'],
    ['MILLRACE_LOAD_DURATION', '1s', 'at least 5000 ms'],
    ['MILLRACE_LOAD_DURATION', '1 day', 'time'],
    ['MILLRACE_LOAD_SLEEP', '20-1', 'must be ms'],
    ['MILLRACE_LOAD_SLEEP', '0-70000', 'must be ms'],
    ['MILLRACE_LOAD_KEYS', 'yes', 'on or off'],
    ['MILLRACE_URL', 'localhost', 'http://'],
  ])('%s=%s is refused by name', (name, value, words) => {
    expect(() => settingsOf('smoke', { [name]: value })).toThrow(name);
    expect(() => settingsOf('smoke', { [name]: value })).toThrow(words);
  });

  test('all faults are told at once, and names that there are not', () => {
    const wrong = { MILLRACE_LOAD_RATES: '1', MILLRACE_LOAD_KEYS: '1', MILLRACE_LOAD_SLEEP: 'x' };
    for (const name of Object.keys(wrong)) expect(() => settingsOf('smoke', wrong)).toThrow(name);
    expect(() => settingsOf('smoke', wrong)).toThrow(Object.keys(VARIABLES)[0]);
  });

  test.each(K6_TRAPS)('%s, which makes k6 drop the scenarios, is refused', (name) => {
    expect(() => settingsOf('smoke', { [name]: '1' })).toThrow(name);
  });

  test.each([
    ['40s', 40_000],
    ['1.5m', 90_000],
    ['250', 250],
    ['2h', 7_200_000],
    ['s', null],
    ['', null],
    ['-1s', null],
  ])('"%s" is %s ms', (text, ms) => expect(durationMs(text)).toBe(ms));
});
