import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, MillraceError, type Recovery } from '@millrace/core';
import { type ChaosTarget, type Fault, type LocalPlatform, offer, until } from '@millrace/local';
import { longestCalls, watchCalls } from './slow-log.ts';

const HERD = fileURLToPath(new URL('herd/main.ts', import.meta.url));
const HELD_MS = 60_000;
const RECOVERED_MS = 100_000;

interface Herd {
  readonly starts: number;
  readonly jobsEach: number;
}

/** A process with many worker starts in it, each of which holds jobs. Resolves once all are held. */
async function gather(platform: LocalPlatform, target: ChaosTarget, { starts, jobsEach }: Herd) {
  const { config, dir } = platform;
  const child = fork(HERD, [String(starts), String(jobsEach)], {
    env: {
      HERD_CONFIG: join(dir, 'run', 'config.yaml'),
      HERD_LINK_KEY: join(dir, 'link.key'),
      HERD_SUPERVISORS: platform.supervisors.join(','),
    },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let held = 0;
  child.on('message', (message: { held: number }) => {
    held = message.held;
  });
  await offer(
    target,
    'sleeps',
    Array.from({ length: starts * jobsEach + config.worker.concurrency * 4 }, () => ({ ms: 5_000 })),
  );
  await until(target, `${starts} starts hold ${jobsEach} jobs each`, HELD_MS, () => {
    if (child.exitCode !== null) throw new MillraceError('internal', 'the herd ended too early');
    return held >= starts * jobsEach;
  }).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  return child;
}

/** Every start that the herd's pod had, recovered: its jobs given back, and all of them started again. */
async function untilAllRecovered(target: ChaosTarget, starts: number, clock: Clock) {
  return until(target, `${starts} deaths are recovered`, RECOVERED_MS, async () => {
    const of = (await target.recoveries()).filter(({ id }) => id.startsWith('herd'));
    const isOver = ({ reclaimMs, lastOrphanMs }: Recovery) => reclaimMs !== null && lastOrphanMs !== null;
    if (of.filter(isOver).length < starts) return null;
    return { recoveries: of, atMs: clock.nowMs() };
  });
}

/**
 * Many workers die in one moment. They are 200 starts in one process, since 200 processes of Node would starve a
 * machine of two cores; to the store and the supervisors they are 200 workers.
 */
export function massDeath(platform: LocalPlatform, herd: Herd = { starts: 200, jobsEach: 25 }): Fault {
  return {
    name: 'mass-death',
    summary: '200 workers with 25 jobs each die at once: 5,000 jobs come back within a second',
    needs: ['handlers'],
    deaths: { least: herd.starts, most: herd.starts, causes: ['crash', 'killed', 'pod-lost'] },
    deadLetters: 0,
    boundMs: 120_000,
    async strike(target) {
      const child = await gather(platform, target, herd);
      await watchCalls(target);
      const gone = once(child, 'exit');
      const atMs = target.clock.nowMs();
      child.kill('SIGKILL');
      target.harmed(`SIGKILL of ${herd.starts} workers with ${herd.starts * herd.jobsEach} jobs`);
      await gone;
      const { recoveries } = await untilAllRecovered(target, herd.starts, target.clock);
      const ends = recoveries.map(({ diedAtMs, reclaimMs }) => diedAtMs + (reclaimMs ?? 0) - atMs);
      const found = recoveries.map(({ diedAtMs, detectMs }) => diedAtMs + detectMs - atMs);
      const orphans = recoveries.reduce((sum, { orphans: { chaos = [] } }) => sum + chaos.length, 0);
      target.tell('orphans', orphans);
      target.tell('detectMs', Math.max(...found));
      target.tell('reclaimMs', Math.max(...ends) - Math.min(...found));
      target.tell('givenBackMs', Math.max(...ends));
      // The takes of the orphans count too: all have restarted by now.
      const longest = await longestCalls(target);
      target.tell('longestCallMs', longest.of.ms);
      target.tell('longestCall', longest.of.what);
      target.tell('longestPlainMs', longest.plainMs);
    },
  };
}
