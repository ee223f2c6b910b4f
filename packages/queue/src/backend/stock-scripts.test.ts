import { expect, test } from 'vitest';
import { COMPOSED_STOCK_SCRIPTS, SCRIPTS, withoutComments } from './compose.ts';
import { stockScript, stockScriptHash } from './stock-scripts.ts';

// An upgrade of bullmq that changes a script we stand around fails here: read the difference, then pin it anew.
test('the stock scripts that ours are composed with are those that were reviewed', () => {
  expect(
    Object.fromEntries(COMPOSED_STOCK_SCRIPTS.map((name) => [name, stockScriptHash(name).slice(0, 16)])),
  ).toMatchInlineSnapshot(`
    {
      "addDelayedJob": "e47c0db3c46bd84a",
      "addLog": "2e2322a36a7705b9",
      "addPrioritizedJob": "d4652d1be004a3d7",
      "addStandardJob": "2eee45c9ffc54d24",
      "extendLock": "aa54e3c99ff236ed",
      "extendLocks": "14bb41f30eff2e7f",
      "moveJobFromActiveToWait": "ac9546cdd23294a2",
      "moveStalledJobsToWait": "dad86d89b50d825f",
      "moveToActive": "7d35069db0b831af",
      "moveToDelayed": "1a7b9311ef92fd66",
      "moveToFinished": "8e744ec5d65dbe9e",
      "obliterate": "a093b16d470ec624",
      "pause": "da797a84855a762e",
      "removeJob": "f2acb16fda20ccac",
      "reprocessJob": "4ea1093385a87676",
      "retryJob": "01f75f7604305080",
      "updateData": "33dc385c7749b1c5",
      "updateProgress": "62d0cce017bd552a",
    }
  `);
});

test('a script that the package does not ship is named', () => {
  expect(() => stockScript('noSuchScript')).toThrow(/noSuchScript/);
});

test('what connections hash, send and keep is code, in ASCII', () => {
  for (const { command, lua } of [...SCRIPTS.guards.values(), ...SCRIPTS.own.values()]) {
    expect(lua, command).toMatch(/^[\t\n\x20-\x7e]+$/);
    expect(lua, command).not.toMatch(/^\s*--/m);
  }
  const lua = 'local a = "--" -- kept\n  -- gone\n--[[\n gone → too\n]]\nreturn a\n';
  expect(withoutComments(lua)).toBe('local a = "--" -- kept\n\nreturn a\n');
});
