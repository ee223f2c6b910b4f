import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { parseTokens } from '@millrace/producer';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../testing/host.ts';

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

describe('millrace token new', () => {
  it('makes a token and the line by which a producer knows it', async () => {
    const { code, out, err } = await runCommand('', ['token', 'new', '--role', 'operator', '--id', 'ci']);
    const [token = '', line = ''] = out.split('\n');
    expect(code).toBe(0);
    expect(token).toMatch(/^mr_[A-Za-z0-9_-]{43}$/);
    expect(parseTokens(line).holderOf(token, 0)?.caller).toEqual({ name: 'ci', role: 'operator' });
    expect(line).not.toContain(token);
    expect(err).toContain('MILLRACE_TOKENS_FILE');
  });

  it('makes another each time, and answers a program with JSON alone', async () => {
    const make = async () => {
      const { out, err } = await runCommand('', ['token', 'new', '--role', 'viewer', '--json']);
      expect(err).toBe('');
      return JSON.parse(out);
    };
    const [one, other] = [await make(), await make()];
    expect(one.token).not.toBe(other.token);
    expect(one.line).toEqual({ id: 'viewer', role: 'viewer', sha256: hashOf(one.token) });
  });

  it('gives it an end', async () => {
    const make = async (when: string) => {
      const { out } = await runCommand('', ['token', 'new', '-r', 'admin', '-e', when, '--json']);
      return JSON.parse(out);
    };
    expect((await make('2027-01-31T18:00:00Z')).line.expires).toBe('2027-01-31T18:00:00Z');
    const { token, line } = await make('1h');
    const holder = (afterMs: number) =>
      parseTokens(JSON.stringify(line)).holderOf(token, Date.now() + afterMs);
    expect(holder(0)?.hasExpired).toBe(false);
    expect(holder(3_600_001)?.hasExpired).toBe(true);
  });

  it.each([
    [['token', 'new'], '--role'],
    [['token', 'new', '--role', 'king'], 'viewer, operator, admin'],
    [['token', 'new', '--role', 'viewer', '--id', 'a\nb'], 'printable'],
    [['token', 'new', '--role', 'viewer', '--expires', 'soon'], 'soon'],
  ])('%j is told what is wrong, with exit code 2', async (argv, said) => {
    const { code, out, err } = await runCommand('', argv);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(said);
  });
});

describe('millrace token hash', () => {
  const run = (text: string, argv: string[] = []) =>
    runCommand('', ['token', 'hash', '--role', 'admin', ...argv], { stdin: Readable.from([text]) });

  it('makes the line of a token that is there already; the newline of echo does not count', async () => {
    const { code, out } = await run('a-token-of-my-own\n', ['--id', 'ops']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ id: 'ops', role: 'admin', sha256: hashOf('a-token-of-my-own') });
  });

  it.each([
    ['', 'one token'],
    ['two tokens-in-one-line', 'one token'],
    ['changeme', 'can be guessed'],
  ])('refuses %j', async (text, said) => {
    const { code, out, err } = await run(text);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(said);
  });
});
