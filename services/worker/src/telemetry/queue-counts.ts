/** What a worker process counts of a queue, from its start on. */
export const QUEUE_COUNTS = [
  /** Attempts whose end the store accepted, by how it saw them end. */
  ...(['completed', 'failed', 'retried', 'returned'] as const),
  /** Jobs without a lock that this process found and put back: of whoever, and told by nobody else. */
  'stalled',
  /** Locks that the store did not renew. */
  'lockRenewalFailed',
] as const;
export type QueueCount = (typeof QUEUE_COUNTS)[number];
export type QueueCounts = Readonly<Record<QueueCount, number>>;

export const noCounts = (): Record<QueueCount, number> => ({
  ...{ completed: 0, failed: 0, retried: 0, returned: 0, stalled: 0, lockRenewalFailed: 0 },
});

export function addCounts(into: Record<QueueCount, number>, other: QueueCounts): void {
  for (const count of QUEUE_COUNTS) into[count] += other[count];
}
