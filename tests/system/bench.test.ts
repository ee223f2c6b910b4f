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

it('bench telemetry drains on five sides, and every span of them is there', async () => {
  const { code, stdout, stderr } = await bench('telemetry', '--quick', '--json');
  expect(code, stderr).toBe(0);
  const told = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  expect(told).toMatchObject({ bench: 'telemetry', quick: true, faults: [] });
  expect(told.ledger).toMatchObject({ lost: 0, duplicateCommits: 0, duplicateStarts: 0 });
  expect(told.ledger.done).toBe(told.ledger.accepted);
  expect(told.pairs).toHaveLength(2);
  for (const pair of told.pairs) {
    expect(Object.keys(pair)).toEqual(['off', 'full', 'everyJob', 'stockNone', 'stockOtel']);
    for (const rate of Object.values(pair)) expect(rate).toBeGreaterThan(0);
  }
  for (const ratio of ['full', 'everyJob', 'everyJobVsStockOtel', 'stockOtel']) {
    expect(told.ratio[ratio]).toBeGreaterThan(0);
  }
  const { off, full, everyJob, sink } = told.ours;
  expect([off.spansPerJob, told.stock.none.spansPerJob]).toEqual([{}, {}]);
  expect(everyJob.spansPerJob).toEqual({ process: 1, settle: 1 });
  expect(told.stock.otel.spansPerJob.process).toBe(1);
  expect(full.spansPerJob.process).toBeGreaterThan(0.001);
  expect(full.spansPerJob.process).toBeLessThan(0.5);
  expect(sink.capacity).toBeGreaterThan(0);
}, 240_000);
