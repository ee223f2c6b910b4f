import { z } from 'zod';

const path = z.string().min(1);
const nodes = z
  .array(z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/@]+):\d{1,5}$/, 'must be host:port'))
  .min(1);

/** The store of the standalone mode where nothing else is named. */
export const DEFAULT_REDIS_URL = 'redis://127.0.0.1:6379';

/** How the store is reached: at most one of `url`, `sentinel` and `cluster`; rules between keys are in redis-rules.ts. */
export const redisSchema = z
  .strictObject({
    url: z
      .string()
      .regex(/^rediss?:\/\//, 'must begin with redis:// or rediss://')
      .optional()
      .describe(
        `one server, redis:// or rediss://; default \`${DEFAULT_REDIS_URL}\` (MILLRACE_REDIS_URL wins)`,
      ),
    sentinel: z
      .strictObject({
        name: z.string().min(1).describe('of the master, as the Sentinels know it'),
        nodes: nodes.describe('`host:port` of the Sentinels'),
      })
      .optional(),
    cluster: z
      .strictObject({ nodes: nodes.describe('`host:port` of some nodes of a Cluster; the others are found') })
      .optional(),
    username: z.string().min(1).optional().describe('ACL user'),
    passwordFile: path
      .optional()
      .describe('file with the password, read at every connect (MILLRACE_REDIS_PASSWORD_FILE wins)'),
    sentinelUsername: z.string().min(1).optional().describe('ACL user of the Sentinels themselves'),
    sentinelPasswordFile: path.optional().describe('file with the Sentinels’ own password'),
    db: z.int().min(0).max(65_535).default(0).describe('number of the database; a Cluster has only 0'),
    prefix: z
      .string()
      .min(1)
      .default('bull')
      .describe(
        'key prefix; stock BullMQ clients use "bull"; on a Cluster it holds a hash tag, like "{bull}"',
      ),
    tls: z
      .strictObject({
        caFile: path.optional().describe('certificates to trust instead of the system’s (PEM)'),
        certFile: path.optional().describe('our own certificate, where the store asks for one (PEM)'),
        keyFile: path.optional().describe('its key (PEM)'),
        serverName: z.string().min(1).optional().describe('name that the store’s certificate is to carry'),
      })
      .optional(),
  })
  .prefault({});

/** What a person may write under `redis`, parsed. */
export type ParsedRedis = z.output<typeof redisSchema>;

/** How the store is reached, environment applied; exactly one of `url`, `sentinel` and `cluster` is there. */
export interface RedisSettings extends Omit<ParsedRedis, 'url'> {
  /** Null with `sentinel` or `cluster`. */
  readonly url: string | null;
}
