import { MillraceError } from '@millrace/core';
import { type Route, route } from '../http/route.ts';
import { ledgerPageSchema, ledgerReaderSchema } from '../schemas/answers.ts';
import { ledgerQuery, readerParams } from '../schemas/parameters.ts';
import type { Services } from '../services.ts';

const path = '/v1/queues/{queue}/ledger/{reader}';

/** Routes of the ledger: what the store has seen end, without a gap, for as long as somebody reads it. */
export function ledgerRoutes({ store, queues }: Services): Route[] {
  return [
    route({
      method: 'put',
      path,
      id: 'registerLedgerReader',
      summary:
        'Keep a ledger of the queue from now on, for this reader; it is dropped after 10 min of silence',
      role: 'operator',
      params: readerParams,
      answers: {
        200: {
          text: 'Where its reading begins; known already, it keeps its place',
          schema: ledgerReaderSchema,
        },
      },
      errors: ['not_found'],
      async handle({ params: { queue, reader } }) {
        await queues.assert(queue);
        const { cursor } = await store.queue(queue).registerReader(reader);
        return { status: 200, body: { reader, cursor } };
      },
    }),
    route({
      method: 'get',
      path,
      id: 'readLedger',
      summary: 'Read on in the ledger',
      role: 'operator',
      params: readerParams,
      query: ledgerQuery,
      answers: {
        200: { text: 'The entries after the cursor, or after what was read last', schema: ledgerPageSchema },
      },
      errors: ['not_found'],
      async handle({ params: { queue, reader }, query: { cursor, limit } }) {
        await queues.assert(queue);
        return { status: 200, body: await store.queue(queue).readLedger(reader, cursor ?? null, limit) };
      },
    }),
    route({
      method: 'delete',
      path,
      id: 'endLedgerReader',
      summary: 'End a reader; without readers no ledger is kept',
      role: 'operator',
      params: readerParams,
      answers: { 204: { text: 'It is ended' } },
      errors: ['not_found'],
      async handle({ params: { queue, reader } }) {
        await queues.assert(queue);
        if (!(await store.queue(queue).endReader(reader))) {
          throw new MillraceError('not_found', `Queue "${queue}" has no ledger reader "${reader}".`);
        }
        return { status: 204 };
      },
    }),
  ];
}
