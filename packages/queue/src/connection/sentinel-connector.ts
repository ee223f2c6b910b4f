import { type RedisOptions, SentinelConnector } from 'ioredis';

/**
 * ioredis' way to the master that Sentinels name, which goes on until `isClosing`. Its own gives up for good when a
 * Sentinel tells of the failover while the next dial is on its way already, as after every death of a master.
 */
export function sentinelConnector(isClosing: () => boolean): NonNullable<RedisOptions['Connector']> {
  return class extends SentinelConnector {
    override async connect(emit: Parameters<SentinelConnector['connect']>[0]) {
      for (;;) {
        try {
          return await super.connect(emit);
        } catch (error) {
          if (isClosing()) throw error;
        }
      }
    }
  } as unknown as NonNullable<RedisOptions['Connector']>;
}
