/** Keys that Millrace adds to a queue's own. The colon keeps them apart from job ids, which have none. */
export interface AccountKeys {
  readonly fenced: string;
  readonly refused: string;
  readonly policy: string;
  readonly sizes: string;
  readonly ledger: string;
  readonly readers: string;
}

/** Every key of one queue, stock and ours; all of one hash slot if the prefix is hash-tagged. */
export function queueKeys(prefix: string, queue: string) {
  const key = (name: string) => `${prefix}:${queue}:${name}`;
  const accounts: AccountKeys = {
    fenced: key('millrace:fenced'),
    refused: key('millrace:refused'),
    policy: key('millrace:policy'),
    sizes: key('millrace:sizes'),
    ledger: key('ledger'),
    readers: key('millrace:readers'),
  };
  return {
    job: key,
    prefix: key(''),
    wait: key('wait'),
    paused: key('paused'),
    meta: key('meta'),
    id: key('id'),
    completed: key('completed'),
    failed: key('failed'),
    delayed: key('delayed'),
    active: key('active'),
    events: key('events'),
    marker: key('marker'),
    prioritized: key('prioritized'),
    priorityCounter: key('pc'),
    stalled: key('stalled'),
    /** STRING: a worker has looked for stalled jobs of late. */
    stalledCheck: key('stalled-check'),
    waitingChildren: key('waiting-children'),
    deduplication: key('de'),
    idempotency: key('millrace:idempotency'),
    idempotencyAge: key('millrace:idempotency-age'),
    readersSeen: key('millrace:readers-seen'),
    repeat: key('repeat'),
    /** HASH: the evidence of a start's death; lua/scripts/reclaim.lua makes the same key. */
    death: (startId: string) => key(`millrace:death:${startId}`),
    /** LIST: job ids that it left behind in this queue, oldest first. */
    deathOrphans: (startId: string) => key(`millrace:death:${startId}:orphans`),
    /** In the order that the stock moveToActive takes them. */
    takeList: [
      ...[key('wait'), key('active'), key('prioritized'), key('events'), key('stalled'), key('limiter')],
      ...[key('delayed'), key('paused'), key('meta'), key('pc'), key('marker')],
    ],
    accounts,
    /** In the order that lua/accounts.lua takes them. */
    accountList: [
      accounts.fenced,
      accounts.refused,
      accounts.policy,
      accounts.sizes,
      accounts.ledger,
      accounts.readers,
    ] as const,
  };
}

export type QueueKeys = ReturnType<typeof queueKeys>;

/** What the store lists the blocking read of a start by: BullMQ's own form, so that stock `queue.getWorkers()` lists us. */
export function blockingName(prefix: string, queue: string, startId: string): string {
  return `${prefix}:${Buffer.from(queue).toString('base64')}:w:${startId}`;
}

/** Keys of the whole installation, outside any queue. */
export function boardKeys(prefix: string) {
  return {
    status: (supervisor: string) => `millrace:{${prefix}}:status:${supervisor}`,
    statusIndex: `millrace:{${prefix}}:status`,
    recoveries: `millrace:{${prefix}}:recoveries`,
    recoveryOrder: `millrace:{${prefix}}:recovery-order`,
    /** STRING: the supervisor that writes the trace of that start's recovery. */
    recoveryTrace: (startId: string) => `millrace:{${prefix}}:recovery-trace:${startId}`,
    commands: `millrace:{${prefix}}:commands`,
    queues: `millrace:{${prefix}}:queues`,
    lease: `millrace:{${prefix}}:leader`,
    tree: `millrace:{${prefix}}:tree`,
    scaling: `millrace:{${prefix}}:scaling`,
    format: `millrace:{${prefix}}:format`,
  };
}
