import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { CHART, has, missing } from './render.ts';

const run = promisify(execFile);

for (const helm of ['helm', 'helm3']) {
  test.skipIf(!has(helm))(`${helm} lint --strict finds nothing${missing(helm)}`, async () => {
    const { stdout } = await run(helm, ['lint', '--strict', CHART]);
    expect(stdout).toContain('0 chart(s) failed');
  });
}

test.skipIf(!has('untt'))(`the chart's own suites pass${missing('untt')}`, { timeout: 240_000 }, async () => {
  const { stdout } = await run('untt', [CHART], { maxBuffer: 16 * 2 ** 20 }).catch((error) => ({
    stdout: `failed\n${error.stdout}`,
  }));
  expect(stdout).not.toMatch(/^failed/);
  expect(stdout).toMatch(/Snapshot: +\d+ passed/);
});

test.skipIf(!has('helm-docs'))(`README.md is what helm-docs makes${missing('helm-docs')}`, async () => {
  const copy = mkdtempSync(join(tmpdir(), 'millrace-docs-'));
  const chart = join(copy, 'millrace');
  try {
    cpSync(CHART, chart, { recursive: true });
    await run('helm-docs', ['--chart-search-root', chart]);
    const made = readFileSync(join(chart, 'README.md'), 'utf8');
    expect(made, 'npm run chart writes it anew').toBe(readFileSync(join(CHART, 'README.md'), 'utf8'));
  } finally {
    rmSync(copy, { recursive: true });
  }
});
