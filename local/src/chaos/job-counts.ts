import type { Api } from '../demo/api.ts';

/** What tells whether jobs run, over all queues. */
export interface JobCounts {
  readonly active: number;
  /** Of each queue what ended in it, as far as it is kept. */
  readonly ended: string;
}

interface Queue {
  readonly name: string;
  readonly counts?: { readonly active?: number; readonly completed?: number; readonly failed?: number };
}

export async function jobCounts(api: Api): Promise<JobCounts> {
  const { queues } = await api.must<{ queues: readonly Queue[] }>({ method: 'GET', path: '/v1/queues' });
  return {
    active: queues.reduce((sum, { counts }) => sum + (counts?.active ?? 0), 0),
    ended: queues
      .map(({ name, counts }) => `${name} ${counts?.completed ?? 0} ${counts?.failed ?? 0}`)
      .sort()
      .join('\n'),
  };
}

/** Whether any job was seen to run, or to have run, between two looks. */
export function haveJobsRun(before: JobCounts, after: JobCounts): boolean {
  return before.active + after.active > 0 || before.ended !== after.ended;
}
