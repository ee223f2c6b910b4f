import { z } from 'zod';
import { durationMsSchema } from '../duration.ts';
import { queueNameSchema } from '../names.ts';
import { RESTART_TYPES, STRATEGIES } from '../status.ts';
import { httpSchema } from './http-schema.ts';
import { redisSchema } from './redis-schema.ts';

const MIB = 1024 * 1024;
const bytes = z.int().min(1);
const port = z.int().min(0).max(65_535);
const processes = z.int().min(1).max(512);
const concurrency = z.int().min(1).max(10_000);
const duration = (defaultMs: number) => durationMsSchema.prefault(defaultMs);

/** How a job's `process` spans hang on to what sent it. */
export const TRACE_SHAPES = ['auto', 'parent', 'link', 'both'] as const;

/** Per-queue settings; what is left out falls back to `queue` and `worker`. */
const queueOverrides = z
  .strictObject({
    bound: z.int().min(1).max(10_000_000).describe('most jobs waiting, paused, prioritized or delayed'),
    maxBytes: bytes.describe('most bytes of job data in those states'),
    concurrency: concurrency.describe('jobs at once in one worker process'),
    traces: z
      .enum(TRACE_SHAPES)
      .describe(
        'how its jobs’ spans hang on to what sent them: in its trace, linked to it, or both; auto: single jobs in it, others linked',
      ),
  })
  .partial();

/** One pool; what is left out falls back to `supervision`. */
const pool = z.strictObject({
  pods: z.int().min(0).max(64).default(1).describe('worker pods to keep running'),
  queues: z.array(queueNameSchema).min(1).optional().describe('queues its workers serve; default: all'),
  strategy: z.enum(STRATEGIES).default('one_for_one').describe('which other pods restart with a dead one'),
  restart: z
    .enum(RESTART_TYPES)
    .default('permanent')
    .describe('whether an ended pod is started again: always, after an abnormal end, never'),
  intensity: z.int().min(0).optional().describe('restarts of pods allowed within the period'),
  periodMs: durationMsSchema.optional().describe('of the restart intensity'),
  shutdownMs: durationMsSchema.optional().describe('how long a pod may drain before it is killed'),
  assumed: z
    .strictObject({
      processes: processes
        .optional()
        .describe('worker processes in one of its pods, while none is seen; default: worker.processes'),
      concurrency: concurrency
        .optional()
        .describe('jobs at once in one of those, for each queue; default: worker.concurrency'),
    })
    .optional()
    .describe('how its pods are sized, for the number of them that is desired'),
});

/**
 * The whole configuration of Millrace: what a person writes in the file that MILLRACE_CONFIG names.
 * Defaults, checks and the reference in docs/configuration.md come from here and nowhere else.
 * Durations are ms, or text like "30s".
 */
export const configSchema = z.strictObject({
  redis: redisSchema,
  http: httpSchema,
  queue: z
    .strictObject({
      bound: z.int().min(1).max(10_000_000).default(10_000).describe('default for every queue'),
      maxBytes: bytes.default(256 * MIB).describe('default for every queue'),
    })
    .prefault({}),
  queues: z
    .record(queueNameSchema, queueOverrides)
    .default({})
    .describe('settings of single queues, by name'),
  job: z
    .strictObject({
      maxBytes: bytes.default(256 * 1024).describe('most bytes of the data of one job'),
      maxResultBytes: bytes.default(256 * 1024).describe('most bytes a handler may return'),
    })
    .prefault({}),
  worker: z
    .strictObject({
      processes: processes
        .optional()
        .describe(
          'worker processes in a pod; default: its cores (CPU limit, else request), as memory allows',
        ),
      concurrency: concurrency.default(16).describe('jobs at once in a process, for each queue'),
      cpuThreads: z
        .int()
        .min(1)
        .max(512)
        .optional()
        .describe('threads of the cpu lane; default: cores ÷ processes'),
      standby: z
        .int()
        .min(0)
        .max(8)
        .default(1)
        .describe('warm processes that wait to take a dead one’s place'),
      maxOldSpace: z
        .int()
        .min(16)
        .optional()
        .describe(
          'MiB of V8’s old space in each process; default: memory limit ÷ (processes + standby), less a fifth',
        ),
      nodeOptions: z
        .string()
        .default('')
        .describe(
          'further options of Node for the processes, as NODE_OPTIONS takes them, separated by blanks',
        ),
      healthPort: port.default(9466).describe('/livez /readyz /metrics of the pod'),
      lockMs: duration(30_000).describe('how long a lock lives unless renewed'),
    })
    .prefault({}),
  supervision: z
    .strictObject({
      beatMs: duration(250).describe('every worker says it lives this often'),
      suspectMs: duration(1_000).describe('silence after which a worker is fed no more'),
      hangLimitMs: duration(5_000).describe('silence after which it is fenced and its jobs given away'),
      busyLimitMs: duration(30_000).describe('a worker blocked by its own cpu work is hung after this long'),
      suspectPhi: z
        .number()
        .min(1)
        .max(16)
        .default(8)
        .describe('phi at which a late beat makes a worker suspect: it errs once in 10^phi beats'),
      confirmMs: duration(100).describe('how long link-closed and store-gone must both hold'),
      killFenced: z.boolean().default(true).describe('parents SIGKILL a fenced child'),
      linkHost: z.string().default('127.0.0.1').describe('where the supervisor listens for links'),
      linkPort: port.default(9470).describe('workers hold a TCP link to it'),
      healthPort: port.default(9465).describe('/livez /readyz /metrics of the supervisor'),
      intensity: z.int().min(0).default(5).describe('restarts allowed within the period'),
      periodMs: duration(30_000).describe('of the restart intensity'),
      strategy: z
        .enum(STRATEGIES)
        .default('one_for_one')
        .describe(
          'who else is restarted when a pool gives up; pools stand in the order in which they are written',
        ),
      backoffMs: duration(200).describe('wait before the second restart within the period, doubling to 5 s'),
      openMs: duration(5_000).describe(
        'a pool that gave up tries one pod after this long, doubling to 5 min',
      ),
      trialMs: duration(5_000).describe('how long the trial pod must live before the pool is whole again'),
      leaseMs: duration(3_000).describe(
        'a leader among the supervisors that is silent for this long is replaced',
      ),
      replicas: z
        .int()
        .min(1)
        .max(8)
        .default(1)
        .describe(
          'supervisors that `npm start` runs; all recover, one of them leads; further ones take any free ports',
        ),
      cluster: z
        .enum(['auto', 'kubernetes', 'none'])
        .default('auto')
        .describe(
          'who makes worker pods: auto is the launcher that started us, else kubernetes in a pod with an API token, else nobody',
        ),
      dryRun: z
        .boolean()
        .default(false)
        .describe('in Kubernetes: only log which pods would be ended or spared'),
    })
    .prefault({}),
  poison: z
    .strictObject({
      kills: z
        .int()
        .min(1)
        .max(100)
        .default(3)
        .describe(
          'a job that runs alone is dead-lettered at the death that makes it this many; one beside other jobs counts, but only leads to its running alone, so that even with `1` it takes a second',
        ),
      quarantine: z
        .boolean()
        .default(true)
        .describe('suspects of a crash run one to a process until one of them is found out'),
    })
    .prefault({}),
  pools: z
    .record(queueNameSchema, pool)
    .default({ default: { pods: 1, strategy: 'one_for_one', restart: 'permanent' } })
    .describe('worker pods that the supervisor keeps running, in the order in which they start'),
  scaling: z
    .strictObject({
      backlogMs: duration(5_000).describe(
        'what waits is to be started within this: more pods are desired for it',
      ),
      serviceMs: duration(1_000).describe('assumed length of the jobs of a queue that never ran one'),
    })
    .prefault({})
    .describe('the number of pods that is desired of each pool in Kubernetes'),
  drain: z
    .strictObject({
      timeoutMs: duration(25_000).describe('how long running jobs may finish on SIGTERM'),
      noticeMs: duration(2_000).describe('handlers’ signal fires this long before the end'),
    })
    .prefault({}),
  retention: z
    .strictObject({
      completedAgeMs: duration(3_600_000).describe('completed jobs are kept this long'),
      completedCount: z.int().min(0).default(1_000).describe('and at most this many a queue'),
      failedAgeMs: duration(604_800_000).describe('failed jobs are kept this long'),
      failedCount: z.int().min(0).default(5_000).describe('and at most this many a queue'),
      events: z.int().min(100).default(10_000).describe('entries kept in each queue’s event stream'),
    })
    .prefault({}),
  durability: z.enum(['fsync', 'everysec']).default('fsync').describe('of the store that npm start runs'),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info')
        .describe('MILLRACE_LOG_LEVEL wins'),
    })
    .prefault({}),
});

/** What a person may write. */
export type RawConfig = z.input<typeof configSchema>;
/** Complete and frozen: every default filled in, durations in ms. */
export type ParsedConfig = z.output<typeof configSchema>;
