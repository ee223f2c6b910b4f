import { compileConfig, type Log, silentLog, systemClock } from '@millrace/core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Certificates, makeCertificates } from '../../../../tests/support/certificates.ts';
import { type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { uniquePrefix } from '../../../../tests/support/store.ts';
import { liveThrough } from '../../../../tests/support/store-life.ts';
import { freePort, startStore } from '../../../../tests/support/store-setup.ts';
import { createStore } from '../store.ts';

let certificates: Certificates;
let other: Certificates;
let server: { port: number; stop(): Promise<void> };
let securePort: number;
let bench: QueueBench | undefined;
beforeAll(async () => {
  certificates = await makeCertificates(['DNS:store.test', 'DNS:localhost']);
  other = await makeCertificates(['DNS:elsewhere.test']);
  securePort = await freePort();
  const { ca, server: own } = certificates;
  const files = ['--tls-cert-file', own.cert, '--tls-key-file', own.key, '--tls-ca-cert-file', ca];
  server = await startStore(['--tls-port', String(securePort), '--tls-auth-clients', 'yes', ...files]);
});
afterEach(() => bench?.close());
afterAll(async () => {
  await server.stop();
  await Promise.all([certificates.remove(), other.remove()]);
});

const settingsOf = (tls: Record<string, string>) => ({ url: `rediss://127.0.0.1:${securePort}`, tls });
const proper = () => ({
  caFile: certificates.ca,
  certFile: certificates.client.cert,
  keyFile: certificates.client.key,
  serverName: 'store.test',
});

test('everything that Millrace does with a store works over TLS, with certificates on both sides', async () => {
  bench = queueBench('', { url: `redis://127.0.0.1:${server.port}`, settings: settingsOf(proper()) });
  await liveThrough(bench);
});

/** Why a connection with these settings is refused, as the log tells it. */
async function refusalOf(tls: Record<string, string>): Promise<string> {
  const reasons: string[] = [];
  const log: Log = { ...silentLog, warn: (fields) => void reasons.push(JSON.stringify(fields)) };
  const redis = JSON.stringify({ ...settingsOf(tls), prefix: uniquePrefix() });
  const store = createStore(compileConfig({}, `redis: ${redis}`), {
    ...{ clock: systemClock, log, name: 'test', profile: 'patient' },
  });
  await until(() => reasons.length > 0, 'the refusal is told');
  expect(store.connected).toBe(false);
  await store.stop();
  return reasons.join();
}

test.each([
  [
    'an authority that did not sign it',
    () => ({ ...proper(), caFile: other.ca }),
    /unable to verify|self.signed|signature/,
  ],
  [
    'a name that the certificate does not carry',
    () => ({ ...proper(), serverName: 'elsewhere.test' }),
    /altnames/,
  ],
  [
    'no certificate of our own',
    () => ({ caFile: certificates.ca, serverName: 'store.test' }),
    /certificate required/,
  ],
])('%s: no connection, and it is said why', async (_, tls, reason) => {
  expect(await refusalOf(tls())).toMatch(reason);
});

test('a file that is not there is a fault of the configuration, by its name', () => {
  const made = queueBench('', { url: '', settings: settingsOf({ caFile: '/no/such' }) });
  expect(() => made.openStore()).toThrow(/redis\.tls\.caFile names a file that cannot be read/);
  made.redis.disconnect();
});
