import { afterEach, expect, it } from 'vitest';
import type { QueueAnswer } from '../answers.ts';
import { exampleQueue, openPool } from '../testing/examples.ts';
import { runCommand } from '../testing/host.ts';
import { faultyServers } from '../testing/serve.ts';

const { serve } = faultyServers(afterEach);

async function resumed(queue: QueueAnswer) {
  const url = await serve((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(queue));
  });
  return runCommand(url.href, ['resume', queue.name]);
}

it('a resumed queue tells how much there is to do', async () => {
  const { code, out } = await resumed(exampleQueue());
  expect(code).toBe(0);
  expect(out).toBe('Resumed workload: 192 jobs to go.\n');
});

it('one whose circuit is open is not as if it went on: the answer says what holds it', async () => {
  const { circuit } = openPool();
  const { code, out } = await resumed(exampleQueue({ circuit, paused: true }));
  expect(code).toBe(0);
  expect(out).not.toContain('to go');
  expect(out).toContain('its circuit is open: 192 jobs wait for pool images.');
  expect(out).toContain('Its pods ended 6 times in 30 s');
  expect(out).toContain('millrace pools resume images');
});
