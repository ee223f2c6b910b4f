import type { Lifecycle } from '../lifecycle.ts';

/**
 * Drives a {@link Lifecycle} through every order of calls that its contract allows. `make` returns a fresh
 * one each time; `isRunning` tells from outside whether anything of it still runs (a port open, a process alive).
 * Throws on the first broken promise.
 */
export async function lifecycleStress<T extends Lifecycle>(
  make: () => T | Promise<T>,
  isRunning: (subject: T) => boolean | Promise<boolean>,
): Promise<void> {
  const expectRunning = async (subject: T, expected: boolean, when: string) => {
    if ((await isRunning(subject)) !== expected) {
      throw new Error(`${when}: expected it ${expected ? 'to run' : 'not to run'}`);
    }
  };

  const plain = await make();
  await plain.start();
  await plain.start();
  await expectRunning(plain, true, 'after start, twice');
  await plain.stop();
  await expectRunning(plain, false, 'after stop');
  await plain.stop();
  await plain.start();
  await expectRunning(plain, false, 'started again after its stop');

  const never = await make();
  await never.stop();
  await never.start();
  await expectRunning(never, false, 'stopped before it was started');

  const raced = await make();
  await Promise.all([raced.start(), raced.start(), raced.stop(), raced.stop()]);
  await expectRunning(raced, false, 'stopped while it was starting');

  for (let round = 0; round < 3; round++) {
    const again = await make();
    await again.start();
    await Promise.all([again.stop(), again.stop(), again.start()]);
    await expectRunning(again, false, `round ${round}: stopped from several sides`);
  }
}
