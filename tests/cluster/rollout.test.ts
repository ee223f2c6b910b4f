import { beforeEach, expect, test } from 'vitest';
import { commandLine, missing } from './support/commands.ts';
import { type Load, load } from './support/load.ts';
import { CHART, TEST_VALUES } from './support/release.ts';
import { IMAGE, shared } from './support/release-setup.ts';
import { must } from './support/shell.ts';

const release = shared();
const BEFORE = 'before';
/** k6's keep-alive clients repeat nothing of their own: each connection that a rollout cuts is an error. */
const STEADY = {
  MILLRACE_LOAD_RATE: '20',
  MILLRACE_LOAD_KEYS: 'off',
  MILLRACE_LOAD_DRAIN: '60s',
  // Every pod is replaced twice on the processors that the load has: what counts here are errors and losses.
  MILLRACE_LOAD_ACCEPT_P95: '10s',
  MILLRACE_LOAD_WAIT_P95: '30s',
};

beforeEach(() => release.settled());

const upgrade = (tag: string) =>
  release.helm(
    ...['upgrade', release.name, CHART, '-f', TEST_VALUES, '--set', `image.tag=${tag}`],
    ...['--wait', '--timeout', '180s'],
  );

/** Nothing was lost, and no request failed. */
async function expectClean({ verdict }: Load): Promise<void> {
  const { code, said, summary } = await verdict;
  expect(code, said).toBe(0);
  expect(summary).not.toBeNull();
}

test.skipIf(missing('CLUSTER_BUILD', 'CLUSTER_IN'))(
  'an upgrade and a rollback between the image before and this one: no request fails, no job is lost or repeated',
  async () => {
    await must(
      commandLine('CLUSTER_BUILD', `${IMAGE.repository}:${BEFORE}`, 'tests/cluster/before'),
      undefined,
      300_000,
    );
    const underWay = await load(release, 'average', { ...STEADY, MILLRACE_LOAD_DURATION: '80s' });
    await underWay.begun;
    await upgrade(BEFORE);
    await release.helm('rollback', release.name, '--wait', '--timeout', '180s');
    await expectClean(underWay);
    await release.settled();
  },
  420_000,
);
