/**
 * Each job carries a mark in its filler: which run, which scenario, which job of it. The ledger tells it with every
 * entry, so a job that was added twice under two ids is still seen to be one.
 */
export interface Mark {
  readonly run: string;
  /** Its place in the run, unique there: `scenario/iteration/number`. */
  readonly place: string;
}

const KIND = 'load';

/** The filler of a job, padded to `bytes`. */
export function markText({ run, place }: Mark, bytes: number): string {
  return `${KIND}/${run}/${place}/`.padEnd(bytes, '.');
}

/** The mark of a ledger entry's data (JSON text), or null for a job of somebody else. */
export function markOf(data: string): Mark | null {
  try {
    const { payload } = JSON.parse(data) as { readonly payload?: unknown };
    if (typeof payload !== 'string') return null;
    const [kind, run, scenario, iteration, number] = payload.split('/');
    if (kind !== KIND || !run || !scenario || !iteration || !number) return null;
    return { run, place: `${scenario}/${iteration}/${number}` };
  } catch {
    return null;
  }
}
