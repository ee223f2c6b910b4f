import { hostname } from 'node:os';
import type { Clock, Config, Log, Timer } from '@millrace/core';
import {
  type Beat,
  createLink,
  type Link,
  type LinkKey,
  type Order,
  type WorkerHello,
} from '@millrace/supervision';
import type { FromProcess, QueueActivity } from '../ipc.ts';
import { createBodyMeter } from '../telemetry/body-durations.ts';
import { createVitalsReader, type VitalsReader } from './vitals.ts';

/** How the process stands, as those who watch it are told. */
export interface Standing {
  readonly state: Beat['state'];
  readonly slot: number | null;
  readonly activity: readonly QueueActivity[];
}

export interface VoiceOptions {
  readonly id: string;
  readonly pod: string;
  readonly pid: number;
  readonly linkKey: LinkKey;
  readonly queues: readonly string[];
  readonly concurrency: number;
  readonly standing: () => Standing;
  readonly onOrder: (order: Order) => void;
  readonly onTick: () => void;
  readonly tellPod: (message: FromProcess) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a worker process says of itself: to every supervisor over its links, to its pod over their channel. */
export interface Voice {
  start(): Promise<void>;
  /** Says at once what the next beat would. */
  beat(): void;
  /** No more beats; the links stay. */
  hush(): void;
  /** Its last word to the supervisors: the end of the links is meant. */
  bye(reason: string): void;
  stop(): Promise<void>;
}

const UNKNOWN_VITALS = { loopDelayMs: 0, cpuMs: 0, rssBytes: 0, heapBytes: 0 };

/** Speaks every `supervision.beatMs` between `start` and `hush`. */
export function createVoice({ supervisors, supervision }: Config, options: VoiceOptions): Voice {
  const { id, pod, pid, queues, concurrency, standing, tellPod, clock, log } = options;
  const startedAtMs = clock.nowMs();
  const body = createBodyMeter();
  let vitals: VitalsReader | undefined;
  let ticks: Timer | undefined;

  function hello(): WorkerHello {
    const { slot } = standing();
    const capabilities: string[] = [];
    const who = { kind: 'worker', id, pod, slot, pid, host: hostname() } as const;
    return { ...who, queues: [...queues], concurrency, standby: slot === null, startedAtMs, capabilities };
  }

  function beat(): Beat {
    const { state, slot, activity } = standing();
    const busy = activity.reduce((sum, queue) => sum + queue.busy, 0);
    const work = { state, slot, queues: [...queues], concurrency, busy };
    return { type: 'beat', atMs: clock.nowMs(), ...work, ...(vitals?.read() ?? UNKNOWN_VITALS) };
  }

  const dial = {
    addresses: supervisors,
    key: options.linkKey,
    hello,
    onOrder(order: Order) {
      if (order.worker === id) options.onOrder(order);
    },
    onWelcome: () => link.send(beat()),
  };
  const link: Link = createLink(dial, { clock, log });

  function tick(): void {
    options.onTick();
    const now = beat();
    link.send(now);
    const { loopDelayMs, rssBytes, heapBytes, cpuMs } = now;
    body.read(loopDelayMs);
    const { activity: queues } = standing();
    tellPod({ type: 'activity', queues, loopDelayMs, rssBytes, heapBytes, cpuMs, body: body.counts() });
  }

  return {
    async start() {
      await link.start();
      vitals = createVitalsReader();
      body.start();
      ticks = clock.every(supervision.beatMs, tick);
    },
    beat: () => link.send(beat()),
    hush() {
      ticks?.cancel();
      vitals?.stop();
      body.stop();
    },
    bye: (reason) => link.send({ type: 'bye', reason }),
    stop: () => link.stop(),
  };
}
