import { systemClock } from '@millrace/core';
import { must, run } from './shell.ts';

/** An object of the API, looked at as a test needs it. */
// biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect, and fail on anything else
export type Manifest = any;

/** Runs kubectl; rejects with what it said. Every call has a deadline of its own. */
export const kubectl = (...args: readonly string[]) => must(['kubectl', '--request-timeout=20s', ...args]);

/** Objects of a kind in a namespace, by label selector. */
export async function list(kind: string, namespace: string, selector = ''): Promise<Manifest[]> {
  const args = ['-n', namespace, 'get', kind, '-o', 'json', ...(selector === '' ? [] : ['-l', selector])];
  return JSON.parse(await kubectl(...args)).items;
}

/** One object, or null when there is none. */
export async function find(kind: string, name: string, namespace: string): Promise<Manifest | null> {
  const said = await run(['kubectl', '-n', namespace, 'get', kind, name, '-o', 'json', '--ignore-not-found']);
  return said.stdout.trim() === '' ? null : JSON.parse(said.stdout);
}

/** A pod that serves: running, every container ready, not on its way out. */
export function isReady(pod: Manifest): boolean {
  const statuses: Manifest[] = pod.status?.containerStatuses ?? [];
  return (
    !pod.metadata.deletionTimestamp && statuses.length > 0 && statuses.every(({ ready }) => ready === true)
  );
}

/** Resolves with what `look` finds once it is neither null nor false; asked again after each answer. */
export async function eventually<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | null | false>,
): Promise<T> {
  const endMs = systemClock.monotonicMs() + withinMs;
  let last: unknown;
  for (;;) {
    const found = await look().catch((error) => {
      last = error;
      return null;
    });
    if (found !== null && found !== false) return found;
    if (systemClock.monotonicMs() > endMs) {
      throw new Error(`waited ${withinMs} ms in vain until ${what}`, { cause: last });
    }
    await systemClock.sleep(100);
  }
}
