import { ChaosFailure, type ChaosTarget, type Fault, NO_DEATH } from './fault.ts';
import { busiestWorker, offer, offerBatch, oneOf, until } from './steps.ts';

const HOUR_MS = 3_600_000;
/** Long enough for beats, watches and renewals to have seen the wrong time. */
const HOLD_MS = 4_000;

/** Short against {@link HOLD_MS}, so that a lock that nobody renews runs out while the clock is wrong. */
const LOCK_MS = 1_500;
const LONG_JOBS = 16;
const DONE_MS = 30_000;

/** An hour ahead, an hour behind, and right again: jumps of +1 h, -2 h and +1 h. */
function clockJump(
  name: string,
  who: string,
  choose: (target: ChaosTarget) => Promise<{ pid: number }>,
): Fault {
  return {
    name,
    summary: `the clock of ${who} jumps an hour ahead, then an hour behind`,
    needs: ['clocks'],
    deaths: NO_DEATH,
    deadLetters: 0,
    boundMs: 60_000,
    async strike(target) {
      const { pid } = await choose(target);
      try {
        for (const offsetMs of [HOUR_MS, -HOUR_MS]) {
          await target.setClock(pid, offsetMs);
          target.harmed(`the clock of process ${pid} is wrong by ±1 h`);
          await target.clock.sleep(HOLD_MS, target.signal);
        }
      } finally {
        await target.setClock(pid, 0);
      }
    },
  };
}

/** Jobs that outlast both jumps. */
async function longJobs(target: ChaosTarget): Promise<string[]> {
  const ids = await offer(target, 'sleeps', Array(LONG_JOBS).fill({ ms: 2 * HOLD_MS + LOCK_MS }));
  await until(target, 'the long jobs run', DONE_MS, async () => {
    const locks = await target.store(...ids.map((id) => ['EXISTS', target.key(`${id}:lock`)]));
    return locks.every((exists) => exists === 1);
  });
  return ids;
}

/** A job of much later, which no clock of a worker may bring forward. */
async function delayedJob(target: ChaosTarget): Promise<string> {
  const opts = { delayMs: HOUR_MS / 2 };
  const body = { jobs: [{ name: 'sleeps', data: { id: 0, ms: 0 }, opts }] };
  const [id = ''] = await offerBatch(target, { key: `clock-${target.clock.epochUs()}`, body });
  return id;
}

const jumpOfWorker = clockJump('clock-worker', 'a worker process', busiestWorker);

/** What runs there keeps its locks, and what is delayed stays so. */
const clockWorker: Fault = {
  ...jumpOfWorker,
  needs: ['clocks', 'handlers'],
  settings: { worker: { lockMs: LOCK_MS } },
  async strike(target) {
    const delayed = await delayedJob(target);
    const ids = await longJobs(target);
    await jumpOfWorker.strike(target);
    const [due] = await target.store(['ZSCORE', target.key('delayed'), delayed]);
    if (due === null) throw new ChaosFailure('a delayed job ran half an hour too early');
    await target.api.must({ method: 'DELETE', path: `/v1/queues/chaos/jobs/${delayed}` });
    await until(target, 'the long jobs are done', DONE_MS, async () => {
      const locks = await target.store(...ids.map((id) => ['EXISTS', target.key(`${id}:lock`)]));
      return locks.every((exists) => exists === 0);
    });
    const starts = await target.store(...ids.map((id) => ['HGET', target.key(id), 'ats']));
    const again = starts.filter((ats) => Number(ats) !== 1).length;
    if (again > 0) throw new ChaosFailure(`${again} of ${ids.length} long jobs were started again`);
  },
};

export const clockFaults: readonly Fault[] = [
  clockWorker,
  clockJump('clock-supervisor', 'the supervisor', (target) => oneOf(target, 'supervisor')),
  clockJump('clock-producer', 'the producer', (target) => oneOf(target, 'producer')),
];
