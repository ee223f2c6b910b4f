import { type ChaosTarget, type Fault, NO_DEATH } from './fault.ts';
import { busiestWorker, oneOf } from './steps.ts';

const HOUR_MS = 3_600_000;
/** Long enough for beats, watches and renewals to have seen the wrong time. */
const HOLD_MS = 4_000;

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

export const clockFaults: readonly Fault[] = [
  clockJump('clock-worker', 'a worker process', busiestWorker),
  clockJump('clock-supervisor', 'the supervisor', (target) => oneOf(target, 'supervisor')),
  clockJump('clock-producer', 'the producer', (target) => oneOf(target, 'producer')),
];
