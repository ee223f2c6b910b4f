/** The workload's filler: as many bytes travel with every job, whatever they say. */
const PAYLOAD_BYTES = 128;

/** Data of a run's jobs, and the way back from it. */
export interface MarkedData {
  of(id: number): { readonly seed: number; readonly id: number; readonly payload: string };
  /** The id in a job's data (JSON); null when the job is not of this run. */
  idOf(data: string): number | null;
}

/**
 * The jobs of one run carry its name in their filler. So the ledger alone tells them from those of an earlier run
 * or of somebody else, also where an answer was lost and no client knows the job's id.
 */
export function markedData(run: string, seed: number): MarkedData {
  const payload = `demo ${run} `.padEnd(PAYLOAD_BYTES, 'x');
  return {
    of: (id) => ({ seed, id, payload }),
    idOf(data) {
      try {
        const parsed = JSON.parse(data) as { id?: unknown; payload?: unknown } | null;
        return parsed?.payload === payload && Number.isInteger(parsed.id) ? (parsed.id as number) : null;
      } catch {
        return null;
      }
    },
  };
}
