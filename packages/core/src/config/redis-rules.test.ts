import { expect, test } from 'vitest';
import type { MillraceError } from '../errors.ts';
import { compileConfig } from './load.ts';
import { hasHashTag } from './redis-rules.ts';

const FOUR = { cores: 4, memoryBytes: null };

const SENTINEL = 'sentinel: {name: main, nodes: ["s1:26379"]}';
const CLUSTER = 'cluster: {nodes: ["c1:6379"]}';

function faults(redis: string, env: Record<string, string> = {}): string[] {
  try {
    compileConfig(env, `redis: {${redis}}`, FOUR);
  } catch (error) {
    return ((error as MillraceError).details.faults ?? []).map((f) => `${f.pointer}: ${f.message}`);
  }
  return [];
}

test('one server on this machine, unless something else is named', () => {
  expect(compileConfig({}, null, FOUR).redis).toEqual({
    url: 'redis://127.0.0.1:6379',
    db: 0,
    prefix: 'bull',
  });
  expect(compileConfig({}, `redis: {${SENTINEL}}`, FOUR).redis.url).toBeNull();
  expect(faults(`${CLUSTER}, prefix: "{mill}"`)).toEqual([]);
});

test('the password’s file comes from the environment first', () => {
  const env = { MILLRACE_REDIS_PASSWORD_FILE: '/env' };
  expect(compileConfig(env, 'redis: {passwordFile: /file}', FOUR).redis.passwordFile).toBe('/env');
});

test.each([
  [`${SENTINEL}, ${CLUSTER}, prefix: "{a}"`, ['/redis/cluster: names a second store']],
  [`url: "redis://h", ${SENTINEL}`, ['/redis/sentinel: names a second store: keep one of url and sentinel']],
  [CLUSTER, ['/redis/prefix: "bull" has no hash tag, which a Cluster needs: write "{bull}"']],
  [`${CLUSTER}, prefix: "{a}", db: 2`, ['/redis/db: a Cluster has only database 0']],
  ['sentinelUsername: u', ['/redis/sentinelUsername: is of use only with redis.sentinel']],
  ['sentinelPasswordFile: /p', ['/redis/sentinelPasswordFile: is of use only']],
  ['username: u', ['/redis/username: needs a passwordFile']],
  [`${SENTINEL}, tls: {certFile: /c}`, ['/redis/tls: certFile and keyFile belong together']],
  ['url: "redis://h", tls: {}', ['/redis/tls: the URL says redis://: write rediss://']],
  ['url: "redis://:p@h", passwordFile: /p', ['/redis/passwordFile: the URL holds a password']],
  ['url: "redis://u:p@h", username: u', ['/redis/username: needs', '/redis/username: the URL names a user']],
  ['url: "redis://h/1", db: 2', ['/redis/db: the URL names a database']],
  ['url: "http://h"', ['/redis/url: must begin with redis:// or rediss://']],
  ['url: "redis://"', []],
  ['sentinel: {name: m, nodes: [h]}', ['/redis/sentinel/nodes/0: must be host:port']],
  ['sentinel: {name: m, nodes: ["u@h:1"]}', ['/redis/sentinel/nodes/0: must be host:port']],
  ['sentinal: {}', ['/redis/sentinal: unknown key (did you mean "sentinel"?)']],
  ['tls: {ca: /x}', ['/redis/tls/ca: unknown key']],
])('%s', (redis, expected) => {
  const found = faults(redis);
  expect(found.map((fault, i) => fault.slice(0, expected[i]?.length))).toEqual(expected);
});

test.each(['store:6379', 'http://store', 'redis//store'])('%s of the environment is no store', (url) => {
  expect(faults('', { MILLRACE_REDIS_URL: url })).toEqual([
    '/redis/url: must be a URL that begins with redis:// or rediss://',
  ]);
});

test('a store of the environment beside one of the file is a second store', () => {
  expect(faults(SENTINEL, { MILLRACE_REDIS_URL: 'redis://h' })[0]).toContain('keep one of url and sentinel');
});

test.each([
  ['{bull}', true],
  ['a{b}c', true],
  ['{{a}', true],
  ['bull', false],
  ['{}', false],
  ['{}{a}', false],
  ['a{b', false],
  ['a}b{', false],
])('whether %s keeps its keys together: %s', (prefix, expected) => {
  expect(hasHashTag(prefix)).toBe(expected);
});
