import { afterEach, expect, test } from 'vitest';
import { limitMs, tell } from './support/figures.ts';
import { list, type Manifest } from './support/kubernetes.ts';
import { CHART, type Release, releaseOf, remove } from './support/release.ts';
import { IMAGE } from './support/release-setup.ts';
import { run } from './support/shell.ts';

let release: Release;
afterEach(() => remove(release));

const restarts = (pods: readonly Manifest[]) =>
  pods.flatMap(({ status }) => status.containerStatuses).map(({ restartCount }) => restartCount);

/** What every start of a pod may bring on a busy node: its volumes and its readiness come a little later. */
const ofTheStart = ({ reason, message }: Manifest) =>
  reason === 'FailedScheduling' ||
  reason === 'FailedMount' ||
  (reason === 'Unhealthy' && /^(Startup|Readiness) /.test(message));

async function complaints(): Promise<string[]> {
  const warnings = (await list('event', release.namespace)).filter(({ type }) => type === 'Warning');
  return warnings
    .filter((event) => !ofTheStart(event))
    .map(({ reason, message, involvedObject }) => `${involvedObject.name}: ${reason}: ${message}`);
}

test.each(['helm', 'helm3'])(
  '%s install --wait with the chart’s own values: ready, helm test passes, nothing restarts or complains',
  async (helm) => {
    const found = await run([helm, 'version', '--short']);
    expect(found.code, `${helm} is on the PATH`).toBe(0);
    release = releaseOf(`fresh-${helm}`, `millrace-fresh-${helm}`, helm);
    const set = ['--create-namespace', '--set', `image.tag=${IMAGE.tag}`];
    const sinceMs = performance.now();
    await release.helm('install', release.name, CHART, ...set, '--wait', '--timeout', '120s');
    const readyMs = performance.now() - sinceMs;
    tell(`${helm} install --wait`, readyMs);
    expect(readyMs).toBeLessThan(limitMs(60_000, 120_000));
    await release.settled();
    await release.helm('test', release.name, '--timeout', '60s');
    const pods = (await Promise.all(['producer', 'supervisor', 'worker', 'store'].map(release.pods))).flat();
    expect(pods.length).toBeGreaterThanOrEqual(5);
    expect(restarts(pods).filter((count) => count > 0)).toEqual([]);
    expect(await complaints()).toEqual([]);
  },
);
