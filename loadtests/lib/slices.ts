/** Most slices into which a run is divided for the plots over time. */
const MOST = 40;

/** How a run's time is divided: each slice is a tag, and so a line of the summary. */
export interface Slices {
  readonly count: number;
  readonly seconds: number;
}

export function slicesOf(durationS: number): Slices {
  const count = Math.max(1, Math.min(MOST, Math.floor(durationS)));
  return { count, seconds: durationS / count };
}

/** The slice in which `atMs` since the run's start lies; what comes after the load is `late`, and in no plot. */
export function sliceAt({ count, seconds }: Slices, atMs: number): string {
  const slice = Math.floor(atMs / 1000 / seconds);
  return slice < count ? String(slice) : 'late';
}
