/*
 * A process that stands for many worker starts at once: each has its link to the supervisors and its consumer, and
 * holds jobs that never end. Its SIGKILL is the death of all of them in one moment.
 *
 * Forked with the arguments <starts> <jobs a start>; sends {held} over its channel whenever that has grown.
 */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import process from 'node:process';
import { compileConfig, newStartId, type Outcome, silentLog, systemClock } from '@millrace/core';
import { createConsumer } from '@millrace/queue';
import { type Beat, createLink, type WorkerHello } from '@millrace/supervision';

const clock = systemClock;
const log = silentLog;
const [starts = 0, jobs = 0] = process.argv.slice(2).map(Number);
const { env } = process;
const config = compileConfig(
  { MILLRACE_SUPERVISORS: env.HERD_SUPERVISORS },
  await readFile(env.HERD_CONFIG ?? '', 'utf8'),
);
const linkKey = (await readFile(env.HERD_LINK_KEY ?? '', 'utf8')).trim();
const pod = newStartId('herd');
const startedAtMs = clock.nowMs();
let held = 0;

function beat(busy: number): Beat {
  const vitals = { loopDelayMs: 0, cpuMs: 0, rssBytes: 0, heapBytes: 0 };
  const standing = { slot: 0, queues: ['chaos'], concurrency: jobs };
  return { type: 'beat', atMs: clock.nowMs(), state: 'running', ...standing, busy, ...vitals };
}

function hello(id: string): WorkerHello {
  const { pid } = process;
  const standing = { slot: 0, queues: ['chaos'], concurrency: jobs, standby: false, capabilities: [] };
  return { kind: 'worker', id, pod, pid, host: hostname(), startedAtMs, ...standing };
}

async function join(): Promise<void> {
  const id = newStartId(pod);
  let busy = 0;
  const link = createLink(
    {
      addresses: config.supervisors,
      key: linkKey,
      hello: () => hello(id),
      onOrder: () => undefined,
      onWelcome: () => link.send(beat(busy)),
    },
    { clock, log },
  );
  await link.start();
  clock.every(config.supervision.beatMs, () => link.send(beat(busy)));
  const run = () => {
    busy += 1;
    held += 1;
    return new Promise<Outcome>(() => undefined);
  };
  const consumer = createConsumer(
    config,
    { queue: 'chaos', startId: id, concurrency: jobs, run, onFenced: () => undefined },
    { clock, log },
  );
  await consumer.start();
}

process.on('disconnect', () => process.exit(0));
await Promise.all(Array.from({ length: starts }, join));
clock.every(50, () => process.send?.({ held }));
