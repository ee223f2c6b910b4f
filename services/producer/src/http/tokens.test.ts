import { expect, test } from 'vitest';
import { hashOf, tokenLine } from './testing.ts';
import { parseTokens } from './tokens.ts';

const NOW_MS = Date.parse('2026-11-21T12:00:00Z');
const text = [
  '# who may do what',
  tokenLine('dashboard', 'viewer', 'look'),
  '',
  `  ${tokenLine('the night shift', 'operator', 'act').replace(hashOf('act'), hashOf('act').toUpperCase())}  `,
  tokenLine('ops', 'admin', 'rule'),
].join('\r\n');

const faultsOf = (lines: string) => {
  try {
    parseTokens(lines);
    return [];
  } catch (error) {
    return (error as { details: { faults: { pointer: string; message: string }[] } }).details.faults;
  }
};
const faultOf = (line: object | string) =>
  faultsOf(typeof line === 'string' ? line : JSON.stringify(line)).map(
    ({ pointer, message }) => `${pointer}: ${message}`,
  );

test('a token is known by its hash, with its role and id', () => {
  const tokens = parseTokens(text);
  expect(tokens.holderOf('look', NOW_MS)).toEqual({
    caller: { role: 'viewer', name: 'dashboard' },
    hasExpired: false,
  });
  expect(tokens.holderOf('act', NOW_MS)?.caller).toEqual({ role: 'operator', name: 'the night shift' });
  for (const wrong of [hashOf('look'), '', 'loo', 'look ']) expect(tokens.holderOf(wrong, NOW_MS)).toBeNull();
});

test('several tokens may be one caller’s, so that one can be changed for another', () => {
  const tokens = parseTokens(`${tokenLine('ci', 'operator', 'old')}\n${tokenLine('ci', 'operator', 'new')}`);
  expect(tokens.holderOf('old', NOW_MS)).toEqual(tokens.holderOf('new', NOW_MS));
});

test('a token has expired from its very millisecond on, wherever its time was written', () => {
  const tokens = parseTokens(
    `${tokenLine('a', 'viewer', 'utc', '2026-11-21T12:00:00Z')}\n${tokenLine('b', 'viewer', 'east', '2026-11-21T14:00:00+02:00')}`,
  );
  for (const token of ['utc', 'east']) {
    expect(tokens.holderOf(token, NOW_MS - 1)?.hasExpired).toBe(false);
    expect(tokens.holderOf(token, NOW_MS)?.hasExpired).toBe(true);
  }
});

test('every bad line is named at once, with what is wrong in it', () => {
  const faults = faultsOf(`${text}\nplain words\n{"id":"a","role":"king","sha256":"abcd"}`);
  expect(faults.map(({ pointer }) => pointer)).toEqual(['/line 6', '/line 7/role', '/line 7/sha256']);
  expect(faults[1]?.message).toBe('must be one of viewer, operator, admin');
});

test.each([
  ['no token at all', '# nobody\n', /^\/: there is no token in it/],
  [
    'a member that is none',
    { id: 'a', role: 'viewer', sha256: hashOf('x'), expire: 'never' },
    /^\/line 1: .*"expire"/,
  ],
  ['no id', { role: 'viewer', sha256: hashOf('x') }, /^\/line 1\/id: /],
  [
    'an id that a terminal would obey',
    { id: '\u001b[2J', role: 'viewer', sha256: hashOf('x') },
    /^\/line 1\/id: /,
  ],
  ['the hash of nothing', { id: 'a', role: 'viewer', sha256: hashOf('') }, /sha256: is the hash of nothing/],
  [
    'a time that is none',
    { id: 'a', role: 'viewer', sha256: hashOf('x'), expires: 'tomorrow' },
    /\/expires: must be a time/,
  ],
  [
    'a time without a zone',
    { id: 'a', role: 'viewer', sha256: hashOf('x'), expires: '2027-01-01T00:00:00' },
    /expires/,
  ],
])('%s is refused by name', (_, line, said) => {
  expect(faultOf(line)).toEqual([expect.stringMatching(said)]);
});

test('one token is one caller, and one id one role', () => {
  expect(faultOf(`${tokenLine('a', 'viewer', 'x')}\n${tokenLine('b', 'admin', 'x')}`)).toEqual([
    '/line 2/sha256: is the token of /line 1 again',
  ]);
  expect(faultOf(`${tokenLine('a', 'viewer', 'x')}\n${tokenLine('a', 'admin', 'y')}`)).toEqual([
    '/line 2/role: "a" is viewer in a line above',
  ]);
});

test('a token that was written into the file by mistake is not said again', () => {
  expect(JSON.stringify(faultsOf('mr_secret-of-somebody'))).not.toContain('secret');
});
