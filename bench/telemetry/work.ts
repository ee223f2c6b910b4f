/** Data of a job of this bench. */
export interface NoopData {
  readonly n: number;
  readonly fails: boolean;
}

/** Every so many jobs one fails: failures are traced too, and must not be forgotten. */
export const FAILS_EVERY = 1_000;

/** The data of job `n`. */
export function dataOf(n: number): NoopData {
  return { n, fails: n % FAILS_EVERY === FAILS_EVERY - 1 };
}

/** How many of `jobs` fail. */
export const failuresOf = (jobs: number): number => Math.floor(jobs / FAILS_EVERY);

/** The same work on every side. */
export function noop({ n, fails }: NoopData): { readonly n: number } {
  if (fails) throw new Error('as told');
  return { n };
}
