import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `npm run bench -- …`, without npm. */
async function bench(...argv: readonly string[]) {
  const child = spawn(process.execPath, ['bench/run.mjs', ...argv], { cwd: ROOT });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      said[name] += chunk;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

it('an unknown bench ends with 2, the list and the nearest name', async () => {
  const { code, stdout, stderr } = await bench('recvery');
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(
    /There is no bench "recvery" \(did you mean "recovery"\?\)\.\nBenches:\n(.*\n)*? {2}recovery /,
  );
});

it('bench recovery kills, freezes and compares; its last line is the promised object', async () => {
  const { code, stdout, stderr } = await bench('recovery', '--quick', '--json');
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('no figures');
  const told = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  expect(told).toMatchObject({ bench: 'recovery', quick: true, faults: [] });
  expect(Object.keys(told)).toEqual(expect.arrayContaining(['ratio', 'ours', 'stock', 'pairs', 'ledger']));
  expect(Object.keys(told.ledger)).toEqual([
    'accepted',
    'done',
    'lost',
    'duplicateCommits',
    'duplicateStarts',
  ]);
  for (const ledger of [told.ledger, told.ours.ledger, told.stock.tuned.ledger]) {
    expect(ledger).toMatchObject({ lost: 0, duplicateCommits: 0 });
    expect(ledger.done).toBeGreaterThan(0);
    expect(ledger.accepted).toBe(ledger.done);
  }
  // Every kind of fault was made and seen to its end, on both sides.
  const { lastOrphanMs, busySlotMs, frozenExcessMs, phases } = told.ours;
  for (const figure of [
    lastOrphanMs,
    busySlotMs,
    frozenExcessMs,
    phases.reclaim,
    told.stock.tuned.lastOrphanMs,
  ]) {
    expect(figure.n).toBeGreaterThan(0);
    expect(figure.p50).toEqual(expect.any(Number));
  }
  expect(told.ratio.orphanVsTuned).toBeGreaterThan(0);
  expect(told.ratio.orphanVsTuned).toBeLessThan(1);
}, 150_000);
