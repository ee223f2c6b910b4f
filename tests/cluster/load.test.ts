import { beforeEach, expect, test } from 'vitest';
import { missing } from './support/commands.ts';
import { load } from './support/load.ts';
import { shared } from './support/release-setup.ts';

const release = shared();
beforeEach(() => release.settled());

test.skipIf(missing('CLUSTER_IN')).each(['average', 'chaos'])(
  'k6 run loadtests/%s.ts from inside the cluster: every threshold holds',
  async (name) => {
    const { verdict } = await load(release, name, {
      MILLRACE_LOAD_RATE: '40',
      MILLRACE_LOAD_DURATION: '30s',
      MILLRACE_LOAD_DRAIN: '60s',
    });
    const { code, said, summary } = await verdict;
    expect(code, said).toBe(0);
    expect(summary).not.toBeNull();
  },
);
