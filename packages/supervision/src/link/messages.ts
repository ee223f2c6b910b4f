import { z } from 'zod';

/**
 * The link protocol, version 1: newline-delimited JSON over TCP, one object a line, at most 64 KiB a line.
 *
 *   supervisor → challenge {nonce}
 *   worker/pod → hello     {…, mac: HMAC-SHA256(key, nonce + "\n" + JSON of the hello without mac), hex}; mac comes last
 *   supervisor → welcome   {supervisor, beatMs}      or  refused {reason} and the end of the connection
 *   worker/pod → beat      every beatMs
 *   pod        → exit      for each child that ended: the strongest evidence of a death there is
 *   both       → bye       the end is meant; no death follows from the closed link
 *   supervisor → drain | kill | fenced | recovered | warm   orders
 *   supervisor → pulse     every pulseMs: a link on which nothing arrives any more is dialled again
 *
 * Unknown fields are ignored and unknown message types skipped, so that either side may be newer.
 */
export const LINK_VERSION = 1;

const count = z.number().min(0);

/** Sent once by a worker process. Times are ms since 1970, sizes bytes. */
export const workerHelloSchema = z.object({
  type: z.literal('hello'),
  version: z.literal(LINK_VERSION),
  kind: z.literal('worker'),
  /** The start id. */
  id: z.string().min(1).max(200),
  pod: z.string().min(1).max(200),
  slot: z.int().min(0).nullable(),
  pid: z.int().min(1),
  host: z.string(),
  queues: z.array(z.string()),
  concurrency: z.int().min(0),
  standby: z.boolean(),
  startedAtMs: count,
  capabilities: z.array(z.string()),
  mac: z.string(),
});

/** What Kubernetes calls the pod that a pod supervisor runs in. A pod's uid is for ever; its name may come again. */
export const kubernetesPodSchema = z.object({
  name: z.string().min(1).max(253),
  uid: z.string().min(1).max(64),
  node: z.string().max(253).nullable(),
});

/** Sent once by a pod supervisor. */
export const podHelloSchema = z.object({
  type: z.literal('hello'),
  version: z.literal(LINK_VERSION),
  kind: z.literal('pod'),
  id: z.string().min(1).max(200),
  pool: z.string().min(1).max(64),
  pid: z.int().min(1),
  host: z.string(),
  startedAtMs: count,
  /** Start ids of the children alive now: what is missing died while nobody listened. */
  children: z.array(z.string()),
  /** Null outside of Kubernetes. */
  k8s: kubernetesPodSchema.nullable().default(null),
  mac: z.string(),
});

/** A worker's sign of life. */
export const beatSchema = z.object({
  type: z.literal('beat'),
  atMs: count,
  state: z.enum(['standby', 'running', 'draining']),
  slot: z.int().min(0).nullable(),
  queues: z.array(z.string()),
  concurrency: z.int().min(0),
  busy: count,
  loopDelayMs: count,
  cpuMs: count,
  rssBytes: count,
  heapBytes: count,
});

/**
 * What a parent sees of a child without asking it: whoever is blocked by its own work says nothing, but its CPU time
 * grows. Ages and CPU times in ms.
 */
export const childReportSchema = z.object({
  worker: z.string(),
  pid: z.int(),
  /** Since it last said anything to its parent; null when it never did. */
  silentMs: count.nullable(),
  /** The kernel's letter: R runs, S sleeps, D waits for a disk, T stopped, Z dead; null where there is no /proc. */
  state: z.string().nullable(),
  /** User and system time since its start. */
  cpuMs: count.nullable(),
  rssBytes: count.nullable(),
});

/** A pod supervisor's sign of life. One with very many children tells of them in several, each of some. */
export const podBeatSchema = z.object({
  type: z.literal('pod-beat'),
  atMs: count,
  state: z.enum(['starting', 'running', 'draining']),
  restartsUsed: count,
  intensity: count,
  periodMs: count,
  children: z.array(childReportSchema).default([]),
});

/** A pod supervisor's word that a child has ended. */
export const exitSchema = z.object({
  type: z.literal('exit'),
  worker: z.string(),
  slot: z.int().min(0).nullable(),
  pid: z.int(),
  code: z.int().nullable(),
  signal: z.string().nullable(),
  atMs: count,
  /** The child had been told to end (drain, shutdown). */
  expected: z.boolean(),
  /** Its parent killed it: an operator ordered so, or it did not end when told to. */
  ordered: z.boolean().default(false),
  /** It ended because some supervisor had declared it dead. */
  fenced: z.boolean().default(false),
  /** Whoever declared it dead saw it blocked by its own work. */
  busy: z.boolean().default(false),
  stderrTail: z.array(z.string()),
  /** Out of memory: the kernel's count rose, or V8 said so. */
  outOfMemory: z.boolean().default(false),
  peakRssBytes: count.nullable().default(null),
  memoryLimitBytes: count.nullable().default(null),
});

/** The end of this link is meant. */
export const byeSchema = z.object({ type: z.literal('bye'), reason: z.string() });

export const fromWorkerSchema = z.discriminatedUnion('type', [
  beatSchema,
  podBeatSchema,
  exitSchema,
  byeSchema,
]);
export const helloSchema = z.discriminatedUnion('kind', [workerHelloSchema, podHelloSchema]);

export const challengeSchema = z.object({ type: z.literal('challenge'), nonce: z.string() });
export const welcomeSchema = z.object({
  type: z.literal('welcome'),
  supervisor: z.string(),
  beatMs: z.number(),
});
export const refusedSchema = z.object({ type: z.literal('refused'), reason: z.string() });
/** To a worker: drain yourself. To a pod: drain that child (or everything, when `worker` is the pod's own id). */
export const drainOrderSchema = z.object({ type: z.literal('drain'), worker: z.string(), by: z.string() });
/** To a pod: SIGKILL that child (the pod dies itself, children first, when `worker` is its own id). */
export const killOrderSchema = z.object({ type: z.literal('kill'), worker: z.string(), by: z.string() });
/**
 * To a worker: this start was declared dead; exit. To a pod: the child was fenced; SIGKILL it unless told otherwise.
 * With `busy` it was blocked by its own work, which its exit report tells to the other supervisors.
 */
export const fencedOrderSchema = z.object({
  type: z.literal('fenced'),
  worker: z.string(),
  busy: z.boolean().optional(),
});

/** To a pod: every orphan of that child runs again, so that the next standby may be forked. */
export const recoveredOrderSchema = z.object({ type: z.literal('recovered'), worker: z.string() });

/** To a pod: that child is suspected. A warm standby shall stand by for it until it shows itself or is gone. */
export const warmOrderSchema = z.object({ type: z.literal('warm'), worker: z.string() });

/** The supervisor's sign of life. */
export const pulseSchema = z.object({ type: z.literal('pulse') });

export const fromSupervisorSchema = z.discriminatedUnion('type', [
  challengeSchema,
  welcomeSchema,
  refusedSchema,
  drainOrderSchema,
  killOrderSchema,
  fencedOrderSchema,
  recoveredOrderSchema,
  warmOrderSchema,
  pulseSchema,
  byeSchema,
]);

/** What opens a link, as it is sent. */
export type Hello = z.infer<typeof helloSchema>;
export type WorkerHello = Omit<z.infer<typeof workerHelloSchema>, 'mac' | 'type' | 'version'>;
export type PodHello = Omit<z.input<typeof podHelloSchema>, 'mac' | 'type' | 'version'>;
export type KubernetesPod = z.infer<typeof kubernetesPodSchema>;
export type Beat = z.infer<typeof beatSchema>;
export type PodBeat = z.infer<typeof podBeatSchema>;
export type ChildReport = z.infer<typeof childReportSchema>;
export type Exit = z.infer<typeof exitSchema>;
/** As it is heard. */
export type FromWorker = z.infer<typeof fromWorkerSchema>;
/** As it is said: what has a default may be left out. */
export type ToSupervisor = z.input<typeof fromWorkerSchema>;
export type FromSupervisor = z.infer<typeof fromSupervisorSchema>;
export type Order =
  | z.infer<typeof drainOrderSchema>
  | z.infer<typeof killOrderSchema>
  | z.infer<typeof fencedOrderSchema>
  | z.infer<typeof recoveredOrderSchema>
  | z.infer<typeof warmOrderSchema>;
