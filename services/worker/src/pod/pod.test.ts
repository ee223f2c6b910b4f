import { compileConfig, type Log, ManualClock, silentLog } from '@millrace/core';
import { expect, test, vi } from 'vitest';
import { type FromProcess, noOutcomes, type ToProcess } from '../ipc.ts';
import { noBody } from '../telemetry/body-durations.ts';
import { noDurations } from '../telemetry/job-durations.ts';
import { noCounts } from '../telemetry/queue-counts.ts';
import type { ChildExit, ChildListeners, SpawnChild } from './child-process.ts';
import { createPod } from './pod.ts';

const YAML = `
worker: {processes: 2, standby: 1, healthPort: 0}
supervision: {intensity: 2, backoffMs: 300}
log: {level: silent}
`;

const KILLED: ChildExit = {
  ...{ code: null, signal: 'SIGKILL', lastLines: [], ordered: false, outOfMemory: false },
  ...{ peakRssBytes: null, memoryLimitBytes: null },
};
const DRAINED: ChildExit = { ...KILLED, code: 0, signal: null };

/** A child that a test speaks for. */
interface Puppet extends ChildListeners {
  readonly heard: ToProcess[];
}

const working = (busy: number): FromProcess => ({
  type: 'activity',
  queues: [
    {
      queue: 'q',
      busy,
      slots: 16,
      cycles: 1,
      connected: true,
      ended: noOutcomes(),
      durations: noDurations(),
      counts: noCounts(),
    },
  ],
  ...{ loopDelayMs: 0, rssBytes: 0, heapBytes: 0, cpuMs: 0, body: noBody() },
});

/** A pod of two slots and a standby, just started: the puppets in the order of their forks. */
async function started() {
  const clock = new ManualClock();
  const puppets: Puppet[] = [];
  const spawn: SpawnChild = (_id, listeners) => {
    const heard: ToProcess[] = [];
    puppets.push({ ...listeners, heard });
    const send = (message: ToProcess) => {
      heard.push(message);
      if (message.type === 'drain') queueMicrotask(() => listeners.onExit(DRAINED));
    };
    return { pid: 1_000 + puppets.length, send, kill: () => undefined, vitals: () => null };
  };
  const ends: number[] = [];
  const said: string[] = [];
  const say = (_: unknown, text?: string) => void said.push(String(text));
  const log: Log = { ...silentLog, info: say, warn: say, error: say, child: () => log };
  const settings = { MILLRACE_SUPERVISORS: '127.0.0.1:1' };
  const config = compileConfig(settings, YAML);
  const nothing = () => undefined;
  const pod = createPod(
    config,
    { id: 'pod', pool: 'default', pid: 1, linkKey: null, k8s: null },
    {
      spawn,
      clock,
      log,
      spans: null,
      onReady: nothing,
      onEnd: (code) => ends.push(code),
      killSelf: nothing,
    },
  );
  await pod.start();
  clock.advance(0);
  return { clock, ends, said, puppets, stop: () => pod.stop() };
}

/** And all ready. */
async function running() {
  const { puppets, ...pod } = await started();
  const ready = puppets.splice(0);
  for (const { onMessage } of ready) onMessage({ type: 'ready' });
  const [first, second, standby] = ready as [Puppet, Puppet, Puppet];
  return { ...pod, first, second, standby };
}

const activated = (slot: number) => ({ type: 'activate', slot });

test('a standby takes a dead one’s slot after its orphans where the living have room for them', async () => {
  const { clock, first, second, standby, stop } = await running();
  expect([first.heard, second.heard, standby.heard]).toEqual([[activated(0)], [activated(1)], []]);
  first.onMessage(working(2));
  second.onMessage(working(2));
  first.onExit(KILLED);
  clock.advance(59);
  expect(standby.heard).toEqual([]);
  clock.advance(1);
  expect(standby.heard).toEqual([activated(0)]);
  await stop();
});

test('and at once where they have not', async () => {
  const { first, second, standby, stop } = await running();
  first.onMessage(working(2));
  second.onMessage(working(15));
  first.onExit(KILLED);
  expect(standby.heard).toEqual([activated(0)]);
  await stop();
});

test('processes that crash as they start are forked with the pauses of the configuration', async () => {
  const { clock, puppets, stop } = await started();
  const crash = (at: number) => puppets[at]?.onExit({ ...KILLED, code: 1, signal: null });
  crash(0);
  clock.advance(0);
  expect(puppets).toHaveLength(4);
  crash(1);
  clock.advance(299);
  expect(puppets).toHaveLength(4);
  clock.advance(1);
  expect(puppets).toHaveLength(5);
  await stop();
});

test('the last that is heard of a pod whose budget is spent is that, not the end of its last process', async () => {
  const { clock, puppets, ends, said } = await started();
  for (let at = 0; at < 3; at++) {
    puppets[at]?.onExit({ ...KILLED, code: 1, signal: null });
    clock.advance(1_000);
  }
  await vi.waitFor(() => expect(ends).toEqual([1]));
  expect(said.at(-1)).toMatch(/^More than 2 restarts within \d+ ms: the pod gives up$/);
});
