import { type Log, ManualClock, silentLog } from '@millrace/core';
import { describe, expect, test } from 'vitest';
import { assertRole, createAccess } from './access.ts';
import { createBearerFailures } from './bearer-failures.ts';
import { tokenLine } from './testing.ts';
import { parseTokens } from './tokens.ts';

const as = (token: string) => ({ authorization: `Bearer ${token}` });
const refused = (code: string) => expect.objectContaining({ code });

function guarded({
  perMinute = 3,
  lines = [tokenLine('ops', 'admin', 'rule')],
  log = silentLog as Log,
} = {}) {
  const clock = new ManualClock(Date.parse('2026-11-21T12:00:00Z'));
  const failures = createBearerFailures(perMinute, clock);
  const access = createAccess({
    host: '0.0.0.0',
    tokens: parseTokens(lines.join('\n')),
    failures,
    clock,
    log,
  });
  return { access, clock };
}

describe('with tokens', () => {
  test('a request needs one, on any listener', () => {
    const { access } = guarded({ perMinute: 100 });
    expect(access.callerOf(as('rule'), '10.0.0.1')).toEqual({ role: 'admin', name: 'ops' });
    for (const authorization of [
      undefined,
      'Basic cnVsZQ==',
      'Bearer',
      'Bearer nope',
      'rule',
      'Bearer rule x',
    ]) {
      expect(() => access.callerOf({ ...(authorization && { authorization }) }, '10.0.0.1')).toThrow(
        refused('unauthorized'),
      );
    }
  });

  test('an expired one is refused, and says so', () => {
    const { access, clock } = guarded({ lines: [tokenLine('ops', 'admin', 'rule', '2026-11-21T12:00:01Z')] });
    expect(access.isStillValid(as('rule'))).toBe(true);
    access.callerOf(as('rule'), 'a');
    clock.advance(1_000);
    expect(() => access.callerOf(as('rule'), 'a')).toThrow('This token has expired.');
    expect(access.isStillValid(as('rule'))).toBe(false);
  });
});

describe('an address that sends too many wrong tokens', () => {
  test('is not heard for a while: even a right guess is not', () => {
    const { access, clock } = guarded();
    for (let n = 0; n < 3; n++)
      expect(() => access.callerOf(as(`guess ${n}`), 'a')).toThrow(refused('unauthorized'));
    expect(() => access.callerOf(as('rule'), 'a')).toThrow(
      expect.objectContaining({ code: 'too_many_failures', details: { retryAfterMs: 20_000 } }),
    );
    clock.advance(19_999);
    expect(() => access.callerOf(as('rule'), 'a')).toThrow(refused('too_many_failures'));
    clock.advance(1);
    expect(access.callerOf(as('rule'), 'a').name).toBe('ops');
  });

  test('shuts out neither others nor those that were let in from there before', () => {
    const { access } = guarded({
      lines: [tokenLine('ops', 'admin', 'rule'), tokenLine('ci', 'operator', 'build')],
    });
    access.callerOf(as('build'), 'a');
    for (let n = 0; n < 3; n++) expect(() => access.callerOf({}, 'a')).toThrow(refused('unauthorized'));
    expect(() => access.callerOf({}, 'a')).toThrow(refused('too_many_failures'));
    expect(access.callerOf(as('build'), 'a').name).toBe('ci');
    expect(access.callerOf(as('rule'), 'b').name).toBe('ops');
  });

  test('is told of once in the log', () => {
    const said: object[] = [];
    const log: Log = { ...silentLog, warn: (fields) => void said.push(fields) };
    const { access } = guarded({ log });
    for (let n = 0; n < 20; n++) expect(() => access.callerOf({}, '10.0.0.7')).toThrow();
    expect(said).toEqual([{ address: '10.0.0.7' }]);
  });
});

test.each(['0.0.0.0', '::', '192.168.1.4', 'example.org', '127.0.0.1.example.org', '128.0.0.1'])(
  'without tokens it does not listen on %s',
  (host) => {
    const clock = new ManualClock();
    const failures = createBearerFailures(1, clock);
    expect(() => createAccess({ host, tokens: null, failures, clock, log: silentLog })).toThrow(
      refused('start_failed'),
    );
  },
);

test('each role may do what those before it may', () => {
  const caller = (role: 'viewer' | 'operator' | 'admin') => ({ name: 'x', role });
  assertRole(caller('admin'), 'viewer');
  assertRole(caller('operator'), 'operator');
  expect(() => assertRole(caller('viewer'), 'operator')).toThrow(
    /needs the role operator; your token has viewer/,
  );
  expect(() => assertRole(caller('operator'), 'admin')).toThrow(refused('forbidden'));
});
