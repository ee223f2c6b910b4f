import { z } from 'zod';
import { durationMsSchema } from '../duration.ts';

const MIB = 1024 * 1024;
const port = z.int().min(0).max(65_535);
const duration = (defaultMs: number) => durationMsSchema.prefault(defaultMs);

/** `http`: where the producer listens, and what it puts up with. */
export const httpSchema = z
  .strictObject({
    host: z.string().default('127.0.0.1').describe('beyond loopback only with tokens'),
    port: port.default(8080).describe('the HTTP API'),
    healthHost: z.string().default('127.0.0.1').describe('where every service serves its health port'),
    healthPort: port.default(9464).describe('/livez /readyz /metrics of the producer'),
    deadlineMs: duration(2_000).describe('longest wait for the store before 503'),
    bodyMaxBytes: z
      .int()
      .min(1)
      .default(16 * MIB)
      .describe('of a request; of one line of NDJSON'),
    headersMs: duration(10_000).describe('a request’s headers must be here by then'),
    bodyMs: duration(30_000).describe('and its body by then; a stream of jobs has no such limit'),
    streamIdleMs: duration(300_000).describe('a stream of jobs that brings nothing for so long is ended'),
    unreadMs: duration(60_000).describe('a client that does not read its answer for so long is cut off'),
    maxConnections: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(10_000)
      .describe('connections at once; further ones are closed as they come'),
    authFailures: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(60)
      .describe('requests without a valid token that an address may send a minute before it gets 429'),
    trustedHops: z
      .int()
      .min(0)
      .max(16)
      .default(0)
      .describe('proxies in front that add to X-Forwarded-For: the client’s address is found behind them'),
    auditAdds: z
      .boolean()
      .optional()
      .describe('whether the audit log also tells of jobs handed in; default: where tokens are in use'),
    traceUrl: z
      .url({ protocol: /^https?$/ })
      .refine((url) => url.includes('{traceId}'), 'must have {traceId} in it')
      .optional()
      .describe(
        'where a trace is looked at, with `{traceId}` in it, as `http://127.0.0.1:16686/trace/{traceId}`: jobs are answered with it',
      ),
    lingerMs: duration(250).describe(
      'at its end it is not ready, and goes on serving for so long before it closes its port; 5 s in a cluster',
    ),
  })
  .prefault({});
