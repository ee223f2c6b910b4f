import { MillraceError } from '@millrace/core';
import type { Provenance, Store } from '@millrace/queue';
import { expect, test } from 'vitest';
import { type AddedJob, provenanceOf, sentOf } from './added-job.ts';

const KNOWN: Provenance = { queue: 'work', id: '7', timestampMs: 5, carrier: null, origin: 'single' };
const storeThat = (provenance: () => Promise<Provenance | null>) =>
  ({ queue: () => ({ provenance }) }) as unknown as Pick<Store, 'queue'>;
const never = storeThat(() => Promise.reject(new Error('asked in vain')));
const away = storeThat(() => Promise.reject(new MillraceError('store_unavailable', 'away')));

function added(over: Partial<AddedJob['admitted']> = {}, opts: AddedJob['job']['opts'] = {}): AddedJob {
  const times = { timestampMs: 9, enqueuedUs: 9_000 };
  return {
    ...{ queue: 'work', job: { name: 'x', data: null, opts }, startUs: 8_000 },
    admitted: { ids: ['7'], replayed: false, times, ...over },
    context: { carrier: 'carried', origin: 'single' },
  };
}

test('a new job’s provenance is known without the store', async () => {
  const provenance = await provenanceOf(never, added());
  expect(provenance).toEqual({ ...KNOWN, timestampMs: 9, carrier: 'carried' });
  expect(sentOf(added(), provenance as Provenance, 10_000)).toEqual({
    ...{ name: 'x', startUs: 8_000, endUs: 10_000 },
  });
});

test('that of one that may have been there before is the store’s to tell, and it has no second send', async () => {
  const store = storeThat(async () => KNOWN);
  for (const each of [added({ times: null, replayed: true }), added({}, { deduplicationId: 'd' })]) {
    expect(await provenanceOf(store, each)).toBe(KNOWN);
    expect(sentOf(each, KNOWN, 10_000)).toBeNull();
  }
});

test('a store that goes away after it accepted a job does not make the answer a refusal', async () => {
  expect(await provenanceOf(away, added({ times: null }))).toBeNull();
});
