import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, MillraceError, messageOf, parseConfigText } from '@millrace/core';
import { z } from 'zod';

/** Where Kubernetes puts a pod's own credentials. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
/** A bound token is renewed long before it ends; a minute of lag is what the official clients allow too. */
const TOKEN_KEPT_MS = 60_000;

/** How to reach the API server, and as whom. */
export interface Credentials {
  readonly server: URL;
  readonly namespace: string;
  /** PEM; undefined trusts what Node trusts. */
  readonly ca: string | Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  /** The bearer token of this moment; null where a client certificate speaks. */
  token(): string | null;
}

/** The part of the environment that tells about a cluster. */
export interface ClusterEnvironment {
  readonly KUBERNETES_SERVICE_HOST?: string | undefined;
  readonly KUBERNETES_SERVICE_PORT?: string | undefined;
  readonly KUBECONFIG?: string | undefined;
}

/** Whether this process runs in a pod that was given a token. */
export function isInCluster(env: ClusterEnvironment, folder = SERVICE_ACCOUNT): boolean {
  if (!env.KUBERNETES_SERVICE_HOST) return false;
  try {
    return readFileSync(join(folder, 'token'), 'utf8').trim() !== '';
  } catch {
    return false;
  }
}

/** A token in a file that is replaced from time to time: read again every minute, and kept while it cannot be read. */
export function rotatingToken(file: string, clock: Clock): () => string | null {
  let token: string | null = null;
  let readMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (token !== null && clock.monotonicMs() - readMs < TOKEN_KEPT_MS) return token;
    try {
      token = readFileSync(file, 'utf8').trim();
      readMs = clock.monotonicMs();
    } catch (cause) {
      if (token === null) throw invalid(`The service account's token cannot be read: ${messageOf(cause)}`);
    }
    return token;
  };
}

/** Of the pod that we run in. */
function inCluster(env: ClusterEnvironment, clock: Clock): Credentials {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = env;
  const read = (name: string) => readFileSync(join(SERVICE_ACCOUNT, name));
  return {
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    namespace: read('namespace').toString().trim(),
    ca: read('ca.crt'),
    cert: undefined,
    key: undefined,
    token: rotatingToken(join(SERVICE_ACCOUNT, 'token'), clock),
  };
}

const kubeconfigSchema = z.object({
  'current-context': z.string(),
  contexts: z.array(
    z.object({
      name: z.string(),
      context: z.object({ cluster: z.string(), user: z.string(), namespace: z.string().optional() }),
    }),
  ),
  clusters: z.array(
    z.object({
      name: z.string(),
      cluster: z.object({
        server: z.url(),
        'certificate-authority': z.string().optional(),
        'certificate-authority-data': z.string().optional(),
      }),
    }),
  ),
  users: z.array(
    z.object({
      name: z.string(),
      user: z.object({
        token: z.string().optional(),
        tokenFile: z.string().optional(),
        'client-certificate': z.string().optional(),
        'client-certificate-data': z.string().optional(),
        'client-key': z.string().optional(),
        'client-key-data': z.string().optional(),
      }),
    }),
  ),
});

/** Of the current context of a kubeconfig: a token, or a client certificate. Throws `config_invalid`. */
export function fromKubeconfig(text: string, clock: Clock): Credentials {
  const parsed = kubeconfigSchema.safeParse(parseConfigText(text));
  if (!parsed.success) throw invalid(`KUBECONFIG is not understood: ${parsed.error.issues[0]?.message}`);
  const { contexts, clusters, users, 'current-context': current } = parsed.data;
  const context = contexts.find(({ name }) => name === current)?.context;
  const cluster = clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = users.find(({ name }) => name === context?.user)?.user;
  if (!context || !cluster || !user) throw invalid(`KUBECONFIG has no whole context "${current}".`);
  const { token = null, tokenFile } = user;
  return {
    server: new URL(cluster.server),
    namespace: context.namespace ?? 'default',
    ca: pemOf(cluster['certificate-authority-data'], cluster['certificate-authority']),
    cert: pemOf(user['client-certificate-data'], user['client-certificate']),
    key: pemOf(user['client-key-data'], user['client-key']),
    token: tokenFile === undefined ? () => token : rotatingToken(tokenFile, clock),
  };
}

function pemOf(data: string | undefined, file: string | undefined): Buffer | undefined {
  if (data !== undefined) return Buffer.from(data, 'base64');
  return file === undefined ? undefined : readFileSync(file);
}

function invalid(message: string): MillraceError {
  return new MillraceError('config_invalid', message);
}

/** The pod's own credentials, else those of the file that KUBECONFIG names. Throws `config_invalid` without either. */
export function readCredentials(env: ClusterEnvironment, clock: Clock): Credentials {
  if (isInCluster(env)) return inCluster(env, clock);
  if (!env.KUBECONFIG) {
    throw invalid(
      'supervision.cluster is "kubernetes", but this pod was given no API token and KUBECONFIG names no file: ' +
        'let its service account mount a token.',
    );
  }
  return fromKubeconfig(readFileSync(env.KUBECONFIG, 'utf8'), clock);
}
