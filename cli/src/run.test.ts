import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runCommand } from './testing/host.ts';

const NOBODY = 'http://127.0.0.1:1';

describe('a wrong command line', () => {
  it.each<[string, readonly string[], RegExp]>([
    ['no verb', [], /Usage: millrace <verb>/],
    ['an unknown verb', ['statsu'], /unknown command 'statsu'\n\(Did you mean status\?\)/],
    [
      'an unknown flag',
      ['jobs', 'q', '--stat', 'failed'],
      /unknown option '--stat'\n\(Did you mean --state\?\)/,
    ],
    ['a missing argument', ['pause'], /missing required argument 'queue'/],
    ['an argument too many', ['tree', 'x'], /too many arguments/],
    ['a bad state', ['jobs', 'q', '--state', 'done'], /Allowed choices are waiting, prioritized/],
    ['a bad duration', ['enqueue', 'q', 'n', '--delay', 'soon'], /--delay.*"soon" is not a duration: write/],
    ['a bad backoff', ['enqueue', 'q', 'n', '--backoff', 'fast'], /write "exponential:1s" or "fixed:30s"/],
    ['a bad wait', ['enqueue', 'q', 'n', '--wait', '2m'], /--wait takes up to 60s, not "2m"/],
    ['a bad queue name', ['pause', 'a/b'], /"a\/b" is not a queue name/],
    ['a bad bound', ['bound', 'q', '0'], /"0" is not a whole number from 1/],
    ['bad data', ['enqueue', 'q', 'n', '{"a":}'], /the data is not JSON: .*\(line 1, column 6\)/],
    ['data twice', ['enqueue', 'q', 'n', '{}', '--data', '{}'], /Give the data once/],
    ['no data file', ['enqueue', 'q', 'n', '--data', '@/nowhere'], /"\/nowhere" cannot be read/],
    ['no job', ['enqueue', 'q'], /Which job\?/],
    ['a name besides a file', ['enqueue', 'q', 'n', '--file', 'x'], /leave NAME out/],
    ['flags besides a file', ['enqueue', 'q', '--file', 'x', '--priority', '1'], /leave --priority out/],
    ['no file', ['enqueue', 'q', '--file', '/nowhere'], /"\/nowhere" cannot be read/],
    ['a folder for a file', ['enqueue', 'q', '--file', '/'], /it is a directory/],
    ['a bad address', ['status', '--url', 'nowhere'], /"nowhere" is not the address of a server/],
    ['no verb of dlq', ['dlq'], /Usage: millrace dlq/],
    ['an unknown verb of dlq', ['dlq', 'lst'], /unknown command 'lst'\n\(Did you mean list\?\)/],
    ['no dead letters to replay', ['dlq', 'replay', 'q'], /their ids, --all, or --reason/],
    ['dead letters twice', ['dlq', 'discard', 'q', '1', '--all'], /with --all or --reason, not both/],
    ['a bad reason', ['dlq', 'list', 'q', '-r', 'sad'], /Allowed choices are poison, attempts, final/],
    ['a cursor of all queues', ['dlq', 'list', '--cursor', '1@2'], /--cursor goes on in one queue/],
    ['an unknown verb of pools', ['pools', 'resum'], /too many arguments|Did you mean resume/],
    ['a pool to resume', ['pools', 'resume'], /missing required argument 'pool'/],
    ['an unknown shell', ['completion', 'csh'], /Allowed choices are bash, zsh, fish/],
  ])('%s: exit code 2, a sentence on stderr, nothing on stdout', async (_, argv, sentence) => {
    const { code, out, err } = await runCommand(NOBODY, argv);
    expect(err).toMatch(sentence);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  it('is a problem document under --json, wherever that stands', async () => {
    for (const argv of [
      ['--json', 'statsu'],
      ['pause', '--json'],
      ['enqueue', 'q', 'n', 'nope', '--json'],
    ]) {
      const { code, out, err } = await runCommand(NOBODY, argv);
      expect({ code, err }).toEqual({ code: 2, err: '' });
      expect(JSON.parse(out)).toMatchObject({ code: 'usage', type: 'urn:millrace:error:usage' });
    }
  });
});

describe('a server that is not there', () => {
  it.each([
    'status',
    'queues',
    'jobs q',
    'job q 1',
    'pause q',
    'bound q',
    'workers',
    'tree',
    'recoveries',
    'drain w',
    'kill w',
    'retry q 1',
    'promote q 1',
    'enqueue q n',
  ])('ends "%s" with exit code 1 and what to run', async (line) => {
    const { code, out, err } = await runCommand(NOBODY, line.split(' '));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^millrace: Nothing listens at .* "millrace up"/);
  });

  it('ends a stream before its input is read', async () => {
    const stdin = Readable.from(['{"name":"x"}\n']);
    const { code, out } = await runCommand(NOBODY, ['enqueue', 'q', '--file', '-', '--json'], { stdin });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ code: 'server_unreachable' });
  });
});

describe('courtesies', () => {
  it('are answers: exit code 0, on stdout', async () => {
    for (const argv of [
      ['--help'],
      ['help'],
      ['help', 'enqueue'],
      ['enqueue', '-h'],
      ['--version'],
      ['completion', 'fish'],
    ]) {
      const { code, out, err } = await runCommand(NOBODY, argv);
      expect({ argv, code, err }).toEqual({ argv, code: 0, err: '' });
      expect(out).not.toBe('');
    }
  });
});
