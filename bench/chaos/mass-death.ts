import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, MillraceError } from '@millrace/core';
import { type ChaosTarget, type Fault, type LocalPlatform, offer, until } from '@millrace/local';

const HERD = fileURLToPath(new URL('herd/main.ts', import.meta.url));
const HELD_MS = 60_000;
const RECLAIMED_MS = 60_000;
/** Of the store's slow log, µs. */
const SLOW_US = 5_000;

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

/** The longest script call of the store since its slow log was reset, in ms; 0 when none was over 5 ms. */
async function longestScriptMs(target: ChaosTarget): Promise<number> {
  const [entries] = await target.store(['SLOWLOG', 'GET', '1000']);
  const times = (Array.isArray(entries) ? entries : []).flatMap((entry) => {
    const [, , us, words] = entry as [number, number, number, readonly string[]];
    return /^(eval|evalsha|fcall)$/i.test(String(words[0])) ? [us / 1000] : [];
  });
  return Math.max(0, ...times);
}

/** Every start that the herd's pod had, recovered. */
async function untilAllRecovered(target: ChaosTarget, starts: number, clock: Clock) {
  return until(target, `${starts} deaths are recovered`, RECLAIMED_MS, async () => {
    const of = (await target.recoveries()).filter(({ id }) => id.startsWith('herd'));
    if (of.filter(({ reclaimMs }) => reclaimMs !== null).length < starts) return null;
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
      await target.store(
        ['CONFIG', 'SET', 'slowlog-log-slower-than', String(SLOW_US)],
        ['CONFIG', 'SET', 'slowlog-max-len', '1000'],
        ['SLOWLOG', 'RESET'],
      );
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
      target.tell('longestScriptMs', await longestScriptMs(target));
    },
  };
}
