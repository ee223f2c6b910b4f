import { type Log, messageOf } from '@millrace/core';
import type { Redis } from 'ioredis';

/** What a wrong setting causes and no waiting heals: our login, our rights, or a certificate. */
const REFUSAL =
  /WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR invalid password|certificate|CERT_|SSL|self.signed|altname|ECONNRESET.*TLS|wrong version number/i;

/** Whether the store refuses us, so that a person is to be told. */
export function isRefusal(message: string): boolean {
  return REFUSAL.test(message);
}

/** Logs what goes wrong with a connection: an outage quietly, a refusal aloud, once until the next connect. */
export function watchRefusals(client: Redis, log: Log): void {
  let told = '';
  const hear = (error: unknown) => {
    const reason = messageOf(error);
    if (isRefusal(reason) && reason !== told) {
      told = reason;
      log.warn({ reason }, 'The store refuses us: look at the password, the user and the certificates');
    } else {
      log.debug({ error: reason }, 'store connection');
    }
  };
  client.on('error', hear);
  client.on('node error', hear);
  client.on('ready', () => {
    told = '';
  });
}
