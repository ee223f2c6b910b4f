import { systemClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { missing, signalPod } from './support/commands.ts';
import { measures } from './support/figures.ts';
import { handIn, lasting, recoveries, untilActive } from './support/jobs.ts';
import { kubectl } from './support/kubernetes.ts';
import { session } from './support/session.ts';
import { busyWorkers, chaosPods } from './support/workers.ts';

const { release, api } = session();
const KILLS = 10;
/** The third start of a container waits in CrashLoopBackOff: its pod is replaced before that. */
const KILLS_A_CONTAINER = 2;

/** Fresh containers in place of those that were killed often enough. */
async function freshen(): Promise<void> {
  for (const { metadata, status } of await chaosPods(release)) {
    if (status.containerStatuses[0].restartCount < KILLS_A_CONTAINER) continue;
    await kubectl('-n', release.namespace, 'delete', 'pod', metadata.name);
  }
  await release.settled();
}

async function killOnce(): Promise<number> {
  await freshen();
  const batch = await handIn(api, 'sleeps', lasting(12, 3_000));
  await untilActive(api, batch.ids.length);
  const [victim] = await busyWorkers(api, release);
  const sinceMs = systemClock.nowMs() - 1_000;
  await signalPod('KILL', victim.host, release.namespace);
  const [recovery] = await recoveries(api, sinceMs, 1);
  await batch.allWell();
  return recovery.lastOrphanMs;
}

test.skipIf(!measures || missing('CLUSTER_SIGNAL'))(
  `a container is killed with idle capacity elsewhere, ${KILLS} times: last orphan restarted, from the link’s end`,
  async () => {
    const times: number[] = [];
    for (let n = 0; n < KILLS; n++) times.push(await killOnce());
    const sorted = times.toSorted((a, b) => a - b);
    process.stdout.write(`last orphan restarted, ms: ${sorted.join(' ')}\n`);
    expect(sorted.at(-1)).toBeLessThanOrEqual(250);
  },
  900_000,
);
