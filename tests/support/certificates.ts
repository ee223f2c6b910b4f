import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Files (PEM) of an authority of its own, and of a server and a client that it vouches for. */
export interface Certificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
  remove(): Promise<void>;
}

/** Made by openssl; the server's certificate is for `names` (`DNS:…`, `IP:…`). */
export async function makeCertificates(names: readonly string[]): Promise<Certificates> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-certificates-'));
  const file = (name: string) => join(dir, name);
  const openssl = (...args: string[]) => run('openssl', args);
  const newKey = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl(
    ...[...newKey, '-x509', '-days', '2', '-subj', '/CN=test authority'],
    ...['-keyout', file('ca.key'), '-out', file('ca.pem')],
  );
  const issue = async (who: string) => {
    await writeFile(file(`${who}.ext`), `subjectAltName=${names.join(',')}\n`);
    await openssl(
      ...newKey,
      '-subj',
      `/CN=${who}`,
      '-keyout',
      file(`${who}.key`),
      '-out',
      file(`${who}.csr`),
    );
    await openssl(
      ...['x509', '-req', '-days', '2', '-in', file(`${who}.csr`), '-CA', file('ca.pem')],
      ...['-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file(`${who}.ext`)],
      ...['-out', file(`${who}.pem`)],
    );
    return { cert: file(`${who}.pem`), key: file(`${who}.key`) };
  };
  return {
    ca: file('ca.pem'),
    server: await issue('server'),
    client: await issue('client'),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
