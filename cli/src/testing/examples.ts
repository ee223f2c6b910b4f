import type { JobAnswer, PoolAnswer, QueueAnswer, TreeAnswer, WorkerAnswer } from '../answers.ts';

/** The moment at which the examples are looked at. */
export const NOW_MS = 1_790_000_000_000;

export function exampleQueue(changes: Partial<QueueAnswer> = {}): QueueAnswer {
  return {
    name: 'workload',
    paused: false,
    counts: { waiting: 180, prioritized: 0, delayed: 12, active: 64, completed: 1_000, failed: 2 },
    depth: 192,
    bound: 256,
    bytes: 24_576,
    maxBytes: 268_435_456,
    maxDepth: 256,
    oldestWaitingMs: 420,
    drainPerSecond: 1_534.2,
    concurrency: null,
    refused: 31,
    circuit: null,
    ...changes,
  };
}

export function exampleWorker(changes: Partial<WorkerAnswer> = {}): WorkerAnswer {
  return {
    id: 'pod-1.8f3a11c2d4e5f607',
    pod: 'pod-1',
    slot: 0,
    pid: 4_101,
    host: 'machine',
    state: 'running',
    queues: ['workload', 'crawl'],
    concurrency: 16,
    busy: 12,
    startedAtMs: NOW_MS - 200_000,
    lastBeatMs: NOW_MS - 100,
    loopDelayMs: 1.2,
    rssBytes: 91_226_112,
    ...changes,
  };
}

export function examplePool(changes: Partial<PoolAnswer> = {}): PoolAnswer {
  return {
    name: 'default',
    state: 'running',
    strategy: 'one_for_one',
    restart: 'permanent',
    desired: 1,
    pods: 1,
    queues: ['workload', 'crawl'],
    restarts: { used: 0, intensity: 5, periodMs: 30_000 },
    circuit: null,
    ...changes,
  };
}

/** A pool that has given up. */
export function openPool(): PoolAnswer {
  const circuit = {
    pool: 'images',
    reason: 'Its pods ended 6 times in 30 s, the last one with exit code 1.',
    sinceMs: NOW_MS - 12_000,
    retryAtMs: NOW_MS + 4_200,
  };
  const restarts = { used: 5, intensity: 5, periodMs: 30_000 };
  return examplePool({ name: 'images', state: 'open', pods: 0, queues: ['images'], restarts, circuit });
}

export function exampleTree(): TreeAnswer {
  const standby = { slot: null, pid: 4_103, state: 'standby', busy: 0, queues: [] };
  return {
    atMs: NOW_MS,
    supervisor: { id: 'supervisor-1', pid: 4_000, startedAtMs: NOW_MS - 3_700_000, leader: true },
    pods: [
      {
        id: 'pod-1',
        pool: 'default',
        pid: 4_100,
        host: 'machine',
        state: 'running',
        startedAtMs: NOW_MS - 3_600_000,
        restarts: { used: 1, intensity: 5, periodMs: 30_000 },
      },
    ],
    workers: [
      exampleWorker({ id: 'pod-1.1b2c3d4e5f607182', slot: 1, pid: 4_102, busy: 16 }),
      exampleWorker(),
      exampleWorker({ id: 'pod-1.2c3d4e5f60718293', ...standby }),
    ],
    pools: [examplePool()],
  };
}

export function exampleJob(changes: Partial<JobAnswer> = {}): JobAnswer {
  return {
    id: '1',
    queue: 'workload',
    name: 'workload',
    state: 'completed',
    data: { seed: 42, id: 1 },
    opts: { attempts: 3 },
    progress: 0,
    result: { checksum: 2_394_122_880 },
    error: null,
    attemptsMade: 1,
    attemptsStarted: 2,
    createdAtMs: NOW_MS - 5_000,
    startedAtMs: NOW_MS - 4_200,
    finishedAtMs: NOW_MS - 4_000,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    attempts: [
      {
        start: 1,
        worker: 'pod-1.0a1b2c3d4e5f6071',
        startedAtMs: NOW_MS - 4_900,
        endedAtMs: NOW_MS - 4_300,
        outcome: 'killed',
        cause: 'killed',
      },
      {
        start: 2,
        worker: 'pod-1.8f3a11c2d4e5f607',
        startedAtMs: NOW_MS - 4_200,
        endedAtMs: NOW_MS - 4_000,
        outcome: 'completed',
      },
    ],
    ...changes,
  };
}
