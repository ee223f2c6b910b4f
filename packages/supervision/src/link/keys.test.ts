import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, silentLog } from '@millrace/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLinkKeys, parseLinkKeys } from './keys.ts';
import { signHello, verifyHello } from './mac.ts';

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-keys-'));
  file = join(dir, 'key');
});
afterEach(() => rm(dir, { recursive: true }));

const helloBy = (key: Parameters<typeof signHello>[0]) =>
  JSON.stringify(signHello(key, 'n', { type: 'hello' }));

test('a file has a key a line', () => {
  expect(parseLinkKeys('  first \r\n\n# old, until Monday\nsecond\n')).toEqual(['first', 'second']);
});

test('the first key signs, each is accepted', () => {
  const keys = () => ['new', 'old'];
  expect(helloBy(keys)).toBe(helloBy('new'));
  for (const key of ['new', 'old']) expect(verifyHello(keys, 'n', helloBy(key))).toBe(true);
  expect(verifyHello(keys, 'n', helloBy('other'))).toBe(false);
  expect(verifyHello(keys, 'n', helloBy(null))).toBe(false);
});

test('a key is changed for another without a restart of either end, and at no time refused', async () => {
  await writeFile(file, 'old\n');
  const worker = openLinkKeys(file, silentLog);
  const supervisor = openLinkKeys(file, silentLog);
  const isHeard = () => verifyHello(supervisor, 'n', helloBy(worker));
  for (const text of ['old\n', 'old\nnew\n', 'new\nold\n', 'new\n']) {
    await writeFile(file, text);
    expect(isHeard(), text).toBe(true);
  }
  expect(verifyHello(supervisor, 'n', helloBy('old'))).toBe(false);
});

test('no keys are never all keys: a list that is empty accepts nobody', () => {
  expect(verifyHello(() => [], 'n', helloBy(null))).toBe(false);
});

test('a file that becomes unusable leaves the keys before it in force, and is said once a reason', async () => {
  const said: string[] = [];
  const log: Log = { ...silentLog, error: (fields) => void said.push((fields as { reason: string }).reason) };
  await writeFile(file, 'old');
  const keys = openLinkKeys(file, log);
  await writeFile(file, '\n');
  expect([keys(), keys()]).toEqual([['old'], ['old']]);
  await unlink(file);
  expect([keys(), keys()]).toEqual([['old'], ['old']]);
  expect(said).toEqual([expect.stringContaining('without a key'), expect.stringContaining('ENOENT')]);
  await writeFile(file, 'new');
  expect(keys()).toEqual(['new']);
});

test('a file that is unusable from the start is no start', async () => {
  expect(() => openLinkKeys(file, silentLog)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  await writeFile(file, '# none\n');
  expect(() => openLinkKeys(file, silentLog)).toThrow(/a file without a key/);
});
