import { expect, test } from 'vitest';
import { createVitalsReader } from './vitals.ts';

/** Lets the loop turn long enough for each histogram to take a sample. */
async function turnFor(ms: number): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end; ) await new Promise((resolve) => setImmediate(resolve));
}

test('a block shows in the next reading, also when it begins right after the one before', async () => {
  const vitals = createVitalsReader();
  await turnFor(60);
  vitals.read();
  for (const end = Date.now() + 400; Date.now() < end; );
  await turnFor(60);
  const blocked = vitals.read();
  expect(blocked.loopDelayMs).toBeGreaterThan(300);
  expect(blocked.cpuMs).toBeGreaterThan(0);
  expect(blocked.rssBytes).toBeGreaterThan(blocked.heapBytes);
  vitals.stop();
});
