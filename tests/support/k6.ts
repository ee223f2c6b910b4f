import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Report } from '../../loadtests/lib/report.ts';

const RUN = fileURLToPath(new URL('../../loadtests/run.mjs', import.meta.url));

/** Whether tests that need k6 can run here. */
export function hasK6(): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, 'k6'), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What a load test came to. */
export interface LoadTest {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly report: Report;
  /** The folder's files: kind → text. */
  readonly files: Readonly<Record<'html' | 'xml' | 'json', string>>;
}

/** Starts `npm run loadtest -- <words>` against `url`. */
export function spawnLoadtest(
  url: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): ChildProcess {
  return spawn(process.execPath, [RUN, ...words], {
    env: { ...process.env, MILLRACE_URL: url, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function endOf(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  const [[code], out, err] = await Promise.all([
    once(child, 'exit') as Promise<[number | null]>,
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
  ]);
  return { code, out, err };
}

/** Archives a load test with `npm run loadtest` and runs it with k6 alone, in another folder; `archive` is its bytes. */
export async function archivedLoadtest(url: string, test: string, flags: readonly string[]) {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-archive-'));
  try {
    const made = await endOf(
      spawnLoadtest(url, [test, ...flags, '--archive', join(dir, 'x.tar')], {
        MILLRACE_TOKEN: 'not-for-files',
      }),
    );
    const archive = await readFile(join(dir, 'x.tar'));
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, MILLRACE_URL: url };
    const k6 = ['run', '--quiet', 'x.tar'];
    const ran = await endOf(spawn('k6', k6, { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] }));
    const report = JSON.parse(await readFile(join(dir, `millrace-load-${test}.json`), 'utf8')) as Report;
    return { made, archive, ran: { ...ran, report } };
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** Runs a load test to its end. `url` may be a proxy's; `k6` are further words for k6 itself. */
export async function loadtest(
  url: string,
  test: string,
  flags: readonly string[],
  k6: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<LoadTest> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-loadtest-'));
  try {
    const ended = await endOf(spawnLoadtest(url, [test, ...flags, '--out', dir, '--', ...k6], env));
    const file = (kind: string) =>
      readFile(join(dir, `millrace-load-${test}.${kind}`), 'utf8').catch(() => 'null');
    const [html, xml, json] = await Promise.all([file('html'), file('xml'), file('json')]);
    return { ...ended, report: JSON.parse(json) as Report, files: { html, xml, json } };
  } finally {
    await rm(dir, { recursive: true });
  }
}
