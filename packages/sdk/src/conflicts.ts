import { basename } from 'node:path';
import type { Fault } from '@millrace/core';
import type { Handler } from './handler.ts';

const pointerTo = ({ file }: Handler) => `/${basename(file)}`;

/** What keeps well-formed handlers from working together; each fault names the later file and the earlier one. */
export function conflicts(handlers: readonly Handler[]): Fault[] {
  const byName = new Map<string, Handler>();
  const saysConcurrency = new Map<string, Handler>();
  const faults: Fault[] = [];
  for (const handler of handlers) {
    const { queue, name, concurrency } = handler;
    const key = JSON.stringify([queue, name]);
    const twin = byName.get(key);
    if (twin) {
      const message = `queue "${queue}" already has a handler "${name}", in ${basename(twin.file)}`;
      faults.push({ pointer: pointerTo(handler), message });
    } else byName.set(key, handler);

    if (concurrency === null) continue;
    const first = saysConcurrency.get(queue);
    if (first && first.concurrency !== concurrency) {
      const other = `${basename(first.file)} says ${first.concurrency}`;
      const message = `concurrency ${concurrency} of queue "${queue}" disagrees: ${other}; it belongs to the queue, so say it once`;
      faults.push({ pointer: pointerTo(handler), message });
    } else saysConcurrency.set(queue, handler);
  }
  return faults;
}
