import { describe, expect, it } from 'vitest';
import { parseUp } from './options.ts';

const parse = (...argv: string[]) => parseUp(argv, '/here');

describe('flags of npm start', () => {
  it('has defaults', () => {
    expect(parse()).toEqual({
      dir: '/here/.millrace',
      configFile: null,
      json: false,
      demo: null,
      jaeger: true,
    });
    expect(parse('--demo')).toMatchObject({ demo: { jobs: 20_000, seed: 42, eventsFile: null } });
  });

  it('reads every flag, paths from where it was called', () => {
    const argv = [
      '--dir',
      'd',
      '--config=c.yaml',
      '--demo',
      '--json',
      '--events',
      '/e',
      '--jobs',
      '2000',
      '--seed=7',
    ];
    expect(parse(...argv)).toEqual({
      dir: '/here/d',
      configFile: '/here/c.yaml',
      json: true,
      demo: { jobs: 2000, seed: 7, eventsFile: '/e' },
      jaeger: true,
    });
    expect(parse('--no-jaeger')).toMatchObject({ jaeger: false });
    expect(parse('--help', '--demo')).toBe('help');
  });

  it.each([
    [['--dmeo'], 'Unknown flag --dmeo (did you mean "--demo"?). See --help.'],
    [['--no-such-flag-at-all'], 'Unknown flag --no-such-flag-at-all. See --help.'],
    [['-x'], 'Unknown flag -x. See --help.'],
    [['extra'], '"extra" is not expected here. See --help.'],
    [['--dir'], '--dir needs a value. See --help.'],
    [['--dir', '--demo'], '--dir needs a value. See --help.'],
    [['--demo=yes'], '--demo takes no value. See --help.'],
    [['--jobs', '5'], '--jobs belongs to --demo. See --help.'],
    [['--demo', '--jobs', '0'], '--jobs must be a whole number from 1 to 1000000, not "0". See --help.'],
    [
      ['--demo', '--seed', '1e3'],
      '--seed must be a whole number from 0 to 4294967295, not "1e3". See --help.',
    ],
  ])('answers %j with one sentence', (argv, sentence) => {
    expect(() => parse(...argv)).toThrow(sentence);
  });
});
