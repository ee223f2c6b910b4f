/** Path of a job's own resource. */
export function jobPath(queue: string, id: string): string {
  return `/v1/queues/${queue}/jobs/${encodeURIComponent(id)}`;
}

/** Path of a dead letter's own resource. */
export function letterPath(queue: string, id: string): string {
  return `/v1/queues/${queue}/dead-letters/${encodeURIComponent(id)}`;
}
