import type { Config, Recovery } from '@millrace/core';
import type { Fault } from './fault.ts';

/** A worker that was declared dead. */
export interface Death {
  readonly worker: string;
  readonly cause: string;
  readonly blame: string;
}

/** The deaths among the recoveries that are not among the `known` ones; a planned end is none. */
export function deathsIn(recoveries: readonly Recovery[], known: ReadonlySet<string>): Death[] {
  return recoveries
    .filter(({ id, certificate }) => !known.has(id) && certificate.cause !== 'shutdown')
    .map(({ certificate: { worker, cause, blame } }) => ({ worker, cause, blame }));
}

/** What a fault's promise has against the deaths that were certified; none: all was as promised. */
export function deathFaults(
  { least, most, causes }: Fault['deaths'],
  deaths: readonly Death[],
  config: Pick<Config, 'worker'>,
): string[] {
  const faults: string[] = [];
  const limit = typeof most === 'number' ? most : most(config);
  if (deaths.length < least || deaths.length > limit) {
    const promised = least === limit ? limit : `${least} to ${limit}`;
    faults.push(`${deaths.length} workers were declared dead, not ${promised}`);
  }
  const wrong = deaths.filter(({ cause }) => !causes.some((each) => each === cause));
  if (wrong.length > 0) {
    const which = wrong.map(({ worker, cause }) => `${worker} ${cause}`).join(', ');
    faults.push(`deaths of another cause: ${which}`);
  }
  return faults;
}
