import { describe, expect, it } from 'vitest';
import { assess, type Picture } from '../health.ts';
import { exampleRecovery } from '../testing/death-examples.ts';
import { exampleJob, exampleQueue, exampleTree, exampleWorker, NOW_MS } from '../testing/examples.ts';
import { createPaint } from './colour.ts';
import { renderJob, renderJobs } from './job-view.ts';
import { renderQueue, renderQueues } from './queue-view.ts';
import { renderRecoveries } from './recovery-view.ts';
import { renderStatus } from './status-view.ts';
import { textWidth } from './text-width.ts';
import { renderTree } from './tree.ts';
import { renderWorkers } from './worker-view.ts';

const paint = createPaint(false);
const layout = { width: 80, paint };

function expectToFit(text: string): void {
  for (const line of text.split('\n')) expect(textWidth(line), line).toBeLessThanOrEqual(80);
}

describe('the tree', () => {
  it('shows pools, pods with their restart budget, and workers by slot', () => {
    const text = renderTree(exampleTree(), layout);
    expectToFit(text);
    expect(text).toMatchInlineSnapshot(`
      "supervisor supervisor-1  pid 4000, up 1h 1m
      └─ pool default  running, 1 of 1 pods, one_for_one, restarts 0 of 5 in 30.0 s
         └─ pod-1  pid 4100  running, restarts 1 of 5 in 30.0 s, up 1h
            ├─ slot 0  8f3a11c2  pid 4101  running, 12/16 busy, 87.0 MiB, up 3m 20s
            ├─ slot 1  1b2c3d4e  pid 4102  running, 16/16 busy, 87.0 MiB, up 3m 20s
            └─ standby  2c3d4e5f  pid 4103  87.0 MiB, up 3m 20s"
    `);
  });

  it('shows a spent budget, a silent worker and one whose pod is gone', () => {
    const tree = exampleTree();
    const [pod] = tree.pods;
    const pods = pod ? [{ ...pod, restarts: { ...pod.restarts, used: 5 } }] : [];
    const workers = [
      exampleWorker({ id: 'pod-1.0000000000000001', state: 'suspect', lastBeatMs: NOW_MS - 1_500 }),
      exampleWorker({ id: 'pod-9.0000000000000002', pod: 'pod-9' }),
    ];
    const text = renderTree({ ...tree, pods, workers }, layout);
    expectToFit(text);
    expect(text).toMatchInlineSnapshot(`
      "supervisor supervisor-1  pid 4000, up 1h 1m
      ├─ pool default  running, 1 of 1 pods, one_for_one, restarts 0 of 5 in 30.0 s
      │  └─ pod-1  pid 4100  running, restarts 5 of 5 in 30.0 s (spent), up 1h
      │     └─ slot 0  00000000  pid 4101  suspect, 12/16 busy, 87.0 MiB, up 3m 20s, …
      └─ without a pod
         └─ slot 0  00000000  pid 4101  running, 12/16 busy, 87.0 MiB, up 3m 20s"
    `);
  });

  it('keeps those that ended apart, and shows no budget before it is known', () => {
    const [pod] = exampleTree().pods;
    const pods = pod
      ? [{ ...pod, id: 'pod-2', state: 'starting', restarts: { used: 0, intensity: 0, periodMs: 0 } }]
      : [];
    const text = renderTree({ ...exampleTree(), pods, workers: [exampleWorker({ state: 'dead' })] }, layout);
    expect(text).toMatchInlineSnapshot(`
      "supervisor supervisor-1  pid 4000, up 1h 1m
      ├─ pool default  running, 1 of 1 pods, one_for_one, restarts 0 of 5 in 30.0 s
      │  └─ pod-2  pid 4100  starting, up 1h
      └─ ended lately
         └─ slot 0  8f3a11c2  pid 4101  dead, 87.0 MiB"
    `);
  });

  it('says that there is nothing', () => {
    expect(renderTree({ ...exampleTree(), pools: [], pods: [], workers: [] }, layout)).toContain(
      '└─ no pods',
    );
  });
});

describe('tables', () => {
  it('lists workers in 80 columns', () => {
    const text = renderWorkers(exampleTree().workers, NOW_MS, layout);
    expectToFit(text);
    expect(text).toMatchInlineSnapshot(`
      "WORKER    POD    SLOT   PID  STATE     BUSY    LOOP       RSS      UP  QUEUES
      8f3a11c2  pod-1     0  4101  running  12/16  1.2 ms  87.0 MiB  3m 20s  workload…
      1b2c3d4e  pod-1     1  4102  running  16/16  1.2 ms  87.0 MiB  3m 20s  workload…
      2c3d4e5f  pod-1     -  4103  standby   0/16  1.2 ms  87.0 MiB  3m 20s"
    `);
  });

  it('lists queues in 80 columns', () => {
    const queues = [
      exampleQueue(),
      exampleQueue({
        name: 'a-queue-with-quite-a-long-name',
        paused: true,
        depth: 10_000,
        bound: 10_000_000,
      }),
      exampleQueue({ name: 'full', depth: 100, bound: 100, oldestWaitingMs: 95_000, drainPerSecond: 0 }),
    ];
    const text = renderQueues(queues, layout);
    expectToFit(text);
    expect(text).toMatchInlineSnapshot(`
      "QUEUE                 DEPTH       BOUND  ACTIVE  FAILED  OLDEST    DRAIN  STATE
      workload                192         256      64       2  420 ms  1,534/s
      a-queue-with-quite…  10,000  10,000,000      64       2  420 ms  1,534/s  paused
      full                    100         100      64       2  1m 35s        -  full"
    `);
  });

  it('lists jobs in 80 columns, a failed one with its error', () => {
    const jobs = [
      exampleJob(),
      exampleJob({ id: '2', state: 'failed', error: 'no such host: example.invalid', attemptsMade: 3 }),
    ];
    const text = renderJobs(jobs, NOW_MS, layout);
    expectToFit(text);
    expect(text).toMatchInlineSnapshot(`
      "ID  NAME      STATE      TRIES    AGE    TOOK  DATA
      1   workload  completed      1  5.0 s  200 ms  {"seed":42,"id":1}
      2   workload  failed         3  5.0 s  200 ms  no such host: example.invalid"
    `);
  });

  it('lists recoveries in 80 columns', () => {
    const running = exampleRecovery({
      reclaimMs: null,
      lastOrphanMs: null,
      firstOrphanMs: null,
      state: 'running',
    });
    const text = renderRecoveries([exampleRecovery(), running], NOW_MS, layout);
    expectToFit(text);
    expect(text).toMatchInlineSnapshot(`
      "     DIED  WORKER    CAUSE   BLAME    DETECT  RECLAIM  JOBS   LAST  STATE
      1m 5s ago  0a1b2c3d  killed  unknown    2 ms   6.5 ms     3  24 ms  done
      1m 5s ago  0a1b2c3d  killed  unknown    2 ms        -     3      -  running"
    `);
  });
});

describe('single things', () => {
  it('tells all of a queue', () => {
    expect(renderQueue(exampleQueue({ paused: true }), NOW_MS, paint)).toMatchInlineSnapshot(`
      "queue        workload  paused
      depth        192 of 256 (highest 256)
      bytes        24.0 KiB of 256 MiB
      jobs         180 waiting, 12 delayed, 64 active, 1,000 completed, 2 failed
      oldest       420 ms
      drain        1,534/s
      concurrency  unlimited
      refused      31"
    `);
  });

  it('tells where a job’s trace is looked at, where the server knows', () => {
    const links = { self: '/v1/queues/workload/jobs/1', trace: 'http://127.0.0.1:16686/trace/4bf92f35' };
    expect(renderJob(exampleJob({ links }), NOW_MS, layout)).toMatch(
      /^trace {5}http:\/\/127.0.0.1:16686\/trace\/4bf92f35$/m,
    );
    const { traceId: _, ...older } = exampleJob();
    expect(renderJob(older, NOW_MS, layout)).not.toMatch(/^trace/m);
  });

  it('tells all of a job, attempt by attempt', () => {
    const text = renderJob(exampleJob(), NOW_MS, layout);
    expectToFit(text);
    expect(text).toMatchInlineSnapshot(`
      "job       workload/1
      name      workload
      state     completed
      created   5.0 s ago
      started   4.2 s ago
      took      200 ms
      attempts  1 made, 2 started
      options   {"attempts":3}
      trace     4bf92f3577b34da6a3ce929d0e0e4736

      data
      {
        "seed": 42,
        "id": 1
      }

      result
      {
        "checksum": 2394122880
      }

      #  WORKER                  STARTED    TOOK  OUTCOME    WHY
      1  pod-1.0a1b2c3d4e5f6071  +100 ms  600 ms  killed     killed
      2  pod-1.8f3a11c2d4e5f607  +800 ms  200 ms  completed"
    `);
  });
});

describe('status', () => {
  const show = (picture: Picture) => renderStatus(picture, assess(picture), 'http://127.0.0.1:8080', layout);

  it('fits one screen when all is well', () => {
    const text = show({
      nowMs: NOW_MS,
      queues: [exampleQueue()],
      tree: exampleTree(),
      recoveries: [exampleRecovery()],
      poison: [],
    });
    expectToFit(text);
    expect(text.split('\n').length).toBeLessThanOrEqual(24);
    expect(text).toMatchInlineSnapshot(`
      "● healthy

      server      http://127.0.0.1:8080
      store       answers
      supervisor  supervisor-1, up 1h 1m, spoke 0 ms ago
      pods        1 of 1 running; 1 restart lately
      workers     2 running, 1 standby; 28 of 32 slots busy
      jobs        192 waiting in 1 queue, drained at 1,534/s

      QUEUE     DEPTH  BOUND  ACTIVE  DELAYED  FAILED  OLDEST    DRAIN  STATE
      workload    192    256      64       12       2  420 ms  1,534/s

           DIED  WORKER    CAUSE   BLAME    DETECT  RECLAIM  JOBS   LAST  STATE
      1m 5s ago  0a1b2c3d  killed  unknown    2 ms   6.5 ms     3  24 ms  done"
    `);
  });

  it('says first what is wrong', () => {
    expect(
      show({ nowMs: NOW_MS, queues: null, tree: null, recoveries: null, poison: [] }),
    ).toMatchInlineSnapshot(`
      "✖ down
        The store does not answer: no job is taken or accepted.

      server      http://127.0.0.1:8080
      store       does not answer
      supervisor  none"
    `);
  });
});
