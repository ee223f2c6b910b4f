import { describe, expect, test } from 'vitest';
import { NO_K6, versionFault } from './k6.ts';
import { HELP, LoadtestUsage, parseLoadtest } from './options.ts';

const parse = (line: string) => parseLoadtest(line.split(' ').filter((word) => word !== ''));

describe('a command line', () => {
  test('runs a test with the settings that its flags say', () => {
    expect(parse('average --rate 20 --duration=40s --url http://x:1 --kill-every 5s')).toEqual({
      kind: 'run',
      test: 'average',
      environment: {
        MILLRACE_URL: 'http://x:1',
        MILLRACE_LOAD_RATE: '20',
        MILLRACE_LOAD_DURATION: '40s',
        MILLRACE_LOAD_KILL_EVERY: '5s',
        MILLRACE_LOAD_OUT: '.millrace/loadtests',
      },
      k6: null,
      rest: [],
    });
  });

  test('hands on what is behind a second --', () => {
    expect(parse('smoke --k6 /x/k6 -- --out json=x.json')).toMatchObject({
      k6: '/x/k6',
      rest: ['--out', 'json=x.json'],
    });
  });

  test('asks for an archive', () => {
    expect(parse('smoke --rate 9 --archive x.tar')).toEqual({
      ...{ kind: 'archive', test: 'smoke', file: 'x.tar', k6: null, rest: [] },
      environment: { MILLRACE_LOAD_RATE: '9' },
    });
  });

  test('asks for a manifest, or a page', () => {
    expect(parse('manifest chaos --as testrun --parallelism 3 --release m --rate 9')).toMatchObject({
      ...{ kind: 'manifest', test: 'chaos', as: 'testrun', parallelism: 3, release: 'm' },
      environment: { MILLRACE_LOAD_RATE: '9' },
    });
    expect(parse('page -')).toEqual({ kind: 'page', file: '-' });
    expect(parse('--help')).toEqual({ kind: 'help' });
    expect(parse('smoke -h')).toEqual({ kind: 'help' });
    expect(HELP).toContain('breakpoint');
  });

  test.each([
    ['', 'Which load test?'],
    ['smok', 'did you mean "smoke"?'],
    ['smoke average', '"average" is not expected'],
    ['smoke --rat 3', 'did you mean "--rate"?'],
    ['smoke --rate', '--rate needs a value'],
    ['smoke --image x', '--image does not belong to "run"'],
    ['smoke --archive x.tar --out y', '--out does not belong to "archive"'],
    ['page', 'Which log?'],
    ['page x --rate 3', '--rate does not belong to "page"'],
    ['manifest', 'Which load test?'],
    ['manifst smoke', 'did you mean "manifest"?'],
    ['manifest smoke --out x', '--out does not belong to "manifest"'],
    ['manifest smoke --as testrum', 'did you mean "testrun"?'],
    ['manifest smoke --parallelism 2', '--parallelism belongs to --as testrun'],
    ['manifest smoke --as testrun --parallelism 0', 'from 1 to 100'],
  ])('"%s" is refused in a sentence', (line, words) => {
    expect(() => parse(line)).toThrow(LoadtestUsage);
    expect(() => parse(line)).toThrow(words);
  });
});

test.each([
  ['k6 v1.8.1 (go1.26.8, linux/amd64)', null],
  ['k6.exe v2.2.0 (go1.26, windows/amd64)', null],
  [
    'k6 v0.57.0 (commit/50afd82c18, go1.23.6, linux/amd64)',
    'k6 0.57 is too old: install version 1.0 or newer.',
  ],
  ['GNU bash', `This is no k6: it said "GNU bash". ${NO_K6}`],
])('%s', (said, fault) => expect(versionFault(said)).toBe(fault));
