import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Api } from './api.ts';
import { eventually, type Manifest } from './kubernetes.ts';

/** What a queue's ledger tells from here on. */
export interface Ledger {
  /** Every entry of `ids`, in the order of the ledger, once each of them has one that is an end. Ends the reading. */
  close(ids: readonly string[]): Promise<Manifest[]>;
}

const A_PAGE = 1_000;
export const isEnd = ({ outcome }: Manifest) => outcome === 'completed' || outcome === 'failed';

/** Registers a reader of the queue's ledger; what ended before is not told. */
export async function openLedger(api: Api, queue: string): Promise<Ledger> {
  const path = `/v1/queues/${queue}/ledger/test-${randomUUID()}`;
  let { cursor } = (await api.call('PUT', path)).body;
  const entries: Manifest[] = [];

  async function readOn(): Promise<void> {
    for (;;) {
      const { body } = await api.call('GET', `${path}?limit=${A_PAGE}&cursor=${cursor}`);
      expect(body.gap, 'the ledger has a gap').toBe(false);
      if (body.entries.length === 0) return;
      entries.push(...body.entries);
      cursor = body.cursor;
    }
  }
  return {
    async close(ids) {
      await eventually(`the ledger tells the ends of ${ids.length} jobs`, 60_000, async () => {
        await readOn();
        const ended = new Set(entries.filter(isEnd).map(({ id }) => id));
        return ids.every((id) => ended.has(id));
      });
      await api.call('DELETE', path);
      const wanted = new Set(ids);
      return entries.filter(({ id }) => wanted.has(id));
    },
  };
}
