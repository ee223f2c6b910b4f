/** Path of a job's own resource. */
export function jobPath(queue: string, id: string): string {
  return `/v1/queues/${queue}/jobs/${encodeURIComponent(id)}`;
}
