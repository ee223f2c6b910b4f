import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pageFileOf, writeReport } from './report.ts';

const NO_JAEGER = 'http://127.0.0.1:9';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-report-'));
});
afterAll(() => rm(dir, { recursive: true }));

async function eventsFile(name: string, lines: readonly object[]): Promise<string> {
  const file = join(dir, name);
  await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return file;
}

const run = {
  ...{ event: 'run', schema: 1, system: 'millrace', run_id: 'r1', started_unix_us: 1_700_000_000_000_000 },
  ...{ versions: {}, build: {}, threads: 1, cpu: 'some', cores: 2, kernel: 'Linux', load: 0, commit: 'abc' },
  ...{ ns_per_step: 1, deviations: [], config: {} },
};
const done = {
  ...{ event: 'job_done', id: 0, producer: 0, worker: 'w', slot: 0, attempt: 1, checksum: 1, ok: true },
  ...{ scheduled_us: 0, enqueued_us: 0, started_us: 1_000, done_us: 9_000 },
};

it('is written without traces where they cannot be read, and says so', async () => {
  const file = await eventsFile('run.jsonl', [run, done]);
  const { measured, page, notes } = await writeReport(file, NO_JAEGER);
  expect(measured).toMatchObject({ errors: 0, p50: 9 });
  expect(page).toBe(pageFileOf(file));
  await access(pageFileOf(file));
  expect(notes).toEqual([expect.stringMatching(/^The report is without Jaeger's traces: .*does not answer/)]);
  expect((await writeReport(file, null)).notes).toEqual([]);
});

it('that cannot be made is told of, and fails no run', async () => {
  const { page, notes } = await writeReport(await eventsFile('empty.jsonl', []), null);
  expect(page).toBeNull();
  expect(notes).toEqual([expect.stringMatching(/^There is no report: .*it is empty/)]);
});
