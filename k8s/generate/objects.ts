/** An object of Kubernetes. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export const isMap = (value: unknown): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What tells an object from all others of a namespace. */
export const identity = ({ apiVersion, kind, metadata }: KubeObject) =>
  [apiVersion.replace(/\/?[^/]+$/, ''), kind, metadata.name].join('/');

/** Labels and annotations that speak of Helm, which has no part in these manifests. */
const isHelms = (key: string, value: Json) =>
  key === 'helm.sh/chart' ||
  key === 'millrace.dev/rendered-replicas' ||
  (key === 'app.kubernetes.io/managed-by' && value === 'Helm');

function withoutHelm(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutHelm);
  if (!isMap(value)) return value;
  const kept = Object.entries(value)
    .filter(([key, child]) => !isHelms(key, child))
    .map(([key, child]) => [key, withoutHelm(child)] as const)
    .filter(([key, child]) => key !== 'annotations' || !isMap(child) || Object.keys(child).length > 0);
  return Object.fromEntries(kept);
}

/**
 * What the chart renders, as plain manifests: without Helm's labels and hooks, and without Secrets, since what is
 * generated at random or yours has no place in files.
 */
export function plainManifests(rendered: readonly KubeObject[]): KubeObject[] {
  return rendered
    .filter(({ kind, metadata }) => kind !== 'Secret' && metadata.annotations?.['helm.sh/hook'] === undefined)
    .map((object) => withoutHelm(object as unknown as Json) as unknown as KubeObject)
    .sort((a, b) => (identity(a) < identity(b) ? -1 : 1));
}
