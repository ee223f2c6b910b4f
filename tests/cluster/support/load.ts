import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { commandLine, missing } from './commands.ts';
import { eventually } from './kubernetes.ts';
import type { Release } from './release.ts';
import { begin } from './shell.ts';

/** How a run of k6 ended: exit code 0 is the verdict that nothing was lost, repeated or left open. */
export interface LoadVerdict {
  readonly code: number;
  /** The text that k6 ended with. */
  readonly said: string;
  /** The run's own summary; null when k6 came to none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect, and fail on anything else
  readonly summary: any;
}

export interface Load {
  /** Resolves once requests are under way. */
  readonly begun: Promise<unknown>;
  readonly verdict: Promise<LoadVerdict>;
}

/** Runs a load test inside the cluster's network. `env` are the tests' own variables (docs/loadtests.md). */
export async function load(
  release: Release,
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<Load> {
  const out = await mkdtemp(join(tmpdir(), 'millrace-load-'));
  const url = `http://${release.fullname}-producer.${release.namespace}.svc.cluster.local:8080`;
  const variables = {
    MILLRACE_URL: url,
    MILLRACE_TOKEN: await release.token('admin'),
    MILLRACE_LOAD_OUT: out,
    ...env,
  };
  const process = begin(
    commandLine('CLUSTER_IN', 'k6', 'run', '--no-color', `loadtests/${name}.ts`),
    variables,
  );
  const verdict = process.ended.then(async ({ code, stdout, stderr }) => {
    const text = await readFile(join(out, `millrace-load-${name}.json`), 'utf8').catch(() => 'null');
    await rm(out, { recursive: true, force: true });
    return { code, said: `${stdout}\n${stderr}`.slice(-6_000), summary: JSON.parse(text) };
  });
  const begun = eventually('k6 runs', 60_000, async () => /running \(/.test(process.said()));
  begun.catch(() => undefined);
  return { begun, verdict };
}

/**
 * Runs a case while k6 hands in jobs beside it for `seconds`, repeating what is not answered; fails with k6's words when a
 * job of those was lost, done twice, failed or left open. Without a way into the cluster's network the case runs alone.
 */
export async function underLoad(release: Release, seconds: number, body: () => Promise<void>): Promise<void> {
  const why = missing('CLUSTER_IN');
  if (why !== null) {
    process.stdout.write(`${why}: this case runs without k6 beside it\n`);
    return body();
  }
  const { begun, verdict } = await load(release, 'chaos', {
    MILLRACE_LOAD_KILL_EVERY: '0s',
    MILLRACE_LOAD_RATE: '8',
    MILLRACE_LOAD_DURATION: `${seconds}s`,
    MILLRACE_LOAD_DRAIN: '120s',
  });
  await begun;
  await body();
  const { code, said } = await verdict;
  expect(code, said).toBe(0);
}
