import { type Cause, ChaosFailure, type ChaosTarget, type Fault, NO_DEATH } from './fault.ts';
import { offer, until } from './steps.ts';

const SEEN_MS = 60_000;
/** So many starts that it is always. */
const ALWAYS = 1_000_000;

/** Waits for the death that job `id` has caused. */
function untilDeathOf(target: ChaosTarget, id: string) {
  return until(target, `a death with the job ${id} in it is recovered`, SEEN_MS, async () =>
    (await target.recoveries()).find(({ state, orphans }) => state === 'done' && orphans.chaos?.includes(id)),
  );
}

/** A job whose first start ends the process that it runs in, with all that runs there. */
function processKiller(name: string, handler: string, summary: string, causes: readonly Cause[]): Fault {
  return {
    name,
    summary,
    needs: ['handlers'],
    deaths: { least: 1, most: 1, causes },
    deadLetters: 0,
    boundMs: 60_000,
    async strike(target) {
      const [id = ''] = await offer(target, handler, [{}]);
      const { certificate, diedAtMs } = await untilDeathOf(target, id);
      target.harmed(
        `a job of "${handler}" ended worker ${certificate.worker} (${certificate.cause})`,
        diedAtMs,
      );
    },
  };
}

/** A job that ends nobody but itself, or nobody at all. */
function bystander(name: string, handler: string, summary: string, data: object): Fault {
  return {
    name,
    summary,
    needs: ['handlers'],
    deaths: NO_DEATH,
    deadLetters: 0,
    boundMs: 60_000,
    async strike(target) {
      const [id = ''] = await offer(target, handler, [data]);
      target.harmed(`a job of "${handler}" was accepted`);
      await until(target, `the job ${id} is completed`, SEEN_MS, async () => {
        const answer = await target.api.ask({ method: 'GET', path: `/v1/queues/chaos/jobs/${id}` });
        const state = (answer.body as { state?: string } | null)?.state;
        if (state === 'failed') throw new ChaosFailure(`the job ${id} of "${handler}" failed`);
        // A completed job may be removed by its retention.
        return state === 'completed' || answer.status === 404;
      });
    },
  };
}

export const handlerFaults: readonly Fault[] = [
  processKiller('handler-throws', 'throws', 'an uncaught exception in a handler', ['crash']),
  processKiller('handler-rejects', 'rejects', 'an unhandled rejection in a handler', ['crash']),
  bystander('handler-blocks', 'blocks', 'a handler that blocks its event loop for 10 s: busy, not dead', {
    ms: 10_000,
  }),
  processKiller('handler-leaks', 'leaks', 'a handler that leaks until its process is out of memory', ['oom']),
  processKiller('native-crash', 'segfaults', 'SIGSEGV in a handler of the cpu lane', ['crash']),
  bystander(
    'native-crash-alone',
    'segfaults-alone',
    "SIGSEGV in a handler with isolation: 'process': only its own process dies",
    {},
  ),
  bystander(
    'thread-leaks',
    'leaks-thread',
    'a thread of the cpu lane that runs out of heap: only it dies',
    {},
  ),
];

/** One that kills every process it is given to. */
export const poison: Fault = {
  name: 'poison',
  summary: 'a job that kills whatever runs it: after 3 kills it is a dead letter, and no co-runner pays',
  needs: ['handlers'],
  deaths: { least: 1, most: 3, causes: ['crash'] },
  deadLetters: 1,
  boundMs: 60_000,
  async strike(target) {
    const [id = ''] = await offer(target, 'poison', [{ times: ALWAYS, ms: 20 }]);
    const { diedAtMs } = await untilDeathOf(target, id);
    target.harmed(`the job ${id} kills every process that runs it`, diedAtMs);
    await until(target, `the job ${id} is dead-lettered`, SEEN_MS, async () => {
      const answer = await target.api.ask({ method: 'GET', path: `/v1/queues/chaos/jobs/${id}` });
      return (answer.body as { state?: string } | null)?.state === 'failed';
    });
  },
};
