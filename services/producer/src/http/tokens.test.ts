import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { assertRole, createAccess } from './access.ts';
import { parseTokens } from './tokens.ts';

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');
const text = [
  '# who may do what',
  `sha256:${hashOf('look')} viewer dashboard`,
  '',
  `  sha256:${hashOf('act').toUpperCase()}\toperator  the night shift `,
  `sha256:${hashOf('rule')} admin ops`,
].join('\r\n');

test('a token is known by its hash, with its role and name', () => {
  const tokens = parseTokens(text);
  expect(tokens.holderOf('look')).toEqual({ role: 'viewer', name: 'dashboard' });
  expect(tokens.holderOf('act')).toEqual({ role: 'operator', name: 'the night shift' });
  expect(tokens.holderOf(hashOf('look'))).toBeNull();
  expect(tokens.holderOf('')).toBeNull();
});

test('every bad line is named at once', () => {
  const bad = `${text}\nact operator plain\nsha256:${hashOf('x')} king someone\nsha256:abcd viewer short`;
  expect(() => parseTokens(bad)).toThrow(
    expect.objectContaining({
      code: 'config_invalid',
      details: {
        faults: [
          expect.objectContaining({ pointer: '/line 6' }),
          expect.objectContaining({
            pointer: '/line 7',
            message: expect.stringContaining('"king" is no role'),
          }),
          expect.objectContaining({ pointer: '/line 8' }),
        ],
      },
    }),
  );
  expect(() => parseTokens('# nobody\n')).toThrow(/there is no token/);
});

test('with tokens a request needs one, on any listener', () => {
  const access = createAccess('0.0.0.0', parseTokens(text));
  expect(access({ authorization: 'Bearer rule' })).toEqual({ role: 'admin', name: 'ops' });
  for (const authorization of [undefined, 'Basic cnVsZQ==', 'Bearer', 'Bearer nope', 'rule']) {
    expect(() => access({ ...(authorization && { authorization }) })).toThrow(
      expect.objectContaining({ code: 'unauthorized' }),
    );
  }
});

test.each(['0.0.0.0', '::', '192.168.1.4', 'example.org', '127.0.0.1.example.org', '128.0.0.1'])(
  'without tokens it does not listen on %s',
  (host) => {
    expect(() => createAccess(host, null)).toThrow(expect.objectContaining({ code: 'start_failed' }));
  },
);

test('each role may do what those before it may', () => {
  const as = (role: 'viewer' | 'operator' | 'admin') => ({ name: 'x', role });
  assertRole(as('admin'), 'viewer');
  assertRole(as('operator'), 'operator');
  expect(() => assertRole(as('viewer'), 'operator')).toThrow(
    /needs the role operator; your token has viewer/,
  );
  expect(() => assertRole(as('operator'), 'admin')).toThrow(expect.objectContaining({ code: 'forbidden' }));
});
