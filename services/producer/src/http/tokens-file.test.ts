import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, silentLog, systemClock } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../../../../tests/support/queue.ts';
import { tokenLine } from './testing.ts';
import { createTokensFile, type TokensFile } from './tokens-file.ts';

let dir: string;
let opened: TokensFile[];
beforeEach(async () => {
  opened = [];
  dir = await mkdtemp(join(tmpdir(), 'millrace-tokens-'));
});
afterEach(async () => {
  for (const tokens of opened) await tokens.stop();
  await rm(dir, { recursive: true });
});

async function open(file: string, log: Log = silentLog): Promise<TokensFile> {
  const tokens = createTokensFile(file, { clock: systemClock, log });
  opened.push(tokens);
  await tokens.start();
  return tokens;
}
const knows = (tokens: TokensFile, token: string) => tokens.holderOf(token, 0) !== null;

/** Writes a volume as a kubelet does: a folder of its own, which `..data` is then turned to at once. */
async function project(version: string, text: string): Promise<void> {
  await mkdir(join(dir, version));
  await writeFile(join(dir, version, 'tokens'), text);
  await symlink(version, join(dir, '..next'));
  await rename(join(dir, '..next'), join(dir, '..data'));
}

test('a change is in force without a restart, by a write and by the swap of links of a Kubernetes volume', async () => {
  await project('..1', tokenLine('ops', 'admin', 'old'));
  await symlink('..data/tokens', join(dir, 'tokens'));
  const tokens = await open(join(dir, 'tokens'));
  expect([knows(tokens, 'old'), knows(tokens, 'new')]).toEqual([true, false]);
  await project('..2', `${tokenLine('ops', 'admin', 'old')}\n${tokenLine('ops', 'admin', 'new')}`);
  await until(() => knows(tokens, 'new'), 'the new token is known');
  expect(knows(tokens, 'old')).toBe(true);
  await project('..3', tokenLine('ops', 'admin', 'new'));
  await until(() => !knows(tokens, 'old'), 'the old one is gone');
  await writeFile(join(dir, '..3', 'tokens'), tokenLine('ops', 'admin', 'third'));
  await until(() => knows(tokens, 'third'), 'a plain write counts as well');
});

test('a bad file leaves the tokens before it in force, and is said loudly and once', async () => {
  const said: string[] = [];
  const log: Log = { ...silentLog, error: (_, message) => void said.push(message) };
  const file = join(dir, 'tokens');
  await writeFile(file, tokenLine('ops', 'admin', 'old'));
  const tokens = await open(file, log);
  await writeFile(file, `${tokenLine('ops', 'admin', 'new')}\n{"id":"x"`);
  await until(() => tokens.fault !== null, 'the fault is known');
  expect([knows(tokens, 'old'), knows(tokens, 'new')]).toEqual([true, false]);
  expect(tokens.fault).toContain('/line 2');
  await unlink(file);
  await until(() => tokens.fault?.includes('ENOENT') ?? false, 'it is missed');
  expect(knows(tokens, 'old')).toBe(true);
  await writeFile(file, tokenLine('ops', 'admin', 'new'));
  await until(() => knows(tokens, 'new'), 'a good one is taken again');
  expect(tokens.fault).toBeNull();
  expect(said).toHaveLength(2);
});

test('a file that is missed for a while and comes back as it was is no fault any more', async () => {
  const file = join(dir, 'tokens');
  await writeFile(file, tokenLine('ops', 'admin', 'old'));
  const tokens = await open(file);
  await rename(file, `${file}-`);
  await until(() => tokens.fault !== null, 'it is missed');
  await rename(`${file}-`, file);
  await until(() => tokens.fault === null, 'it is found');
});

test('a file that is unusable from the start is no start', async () => {
  const make = (file: string) => () => createTokensFile(file, { clock: systemClock, log: silentLog });
  expect(make(join(dir, 'nowhere'))).toThrow(expect.objectContaining({ code: 'start_failed' }));
  await writeFile(join(dir, 'empty'), '');
  expect(make(join(dir, 'empty'))).toThrow(expect.objectContaining({ code: 'config_invalid' }));
});

test('keeps the lifecycle contract', async () => {
  const file = join(dir, 'tokens');
  await writeFile(file, tokenLine('ops', 'admin', 'old'));
  let timers = 0;
  const clock = {
    ...systemClock,
    every(ms: number, fn: () => void) {
      timers++;
      const timer = systemClock.every(ms, fn);
      return {
        cancel() {
          timers--;
          timer.cancel();
        },
      };
    },
  };
  await lifecycleStress(
    () => createTokensFile(file, { clock, log: silentLog }),
    async () => timers > 0,
  );
});
