import { stringify } from 'yaml';
import type { KubeObject } from './objects.ts';
import type { ObjectPatch, Overlay } from './overlay.ts';

/** Files by their paths below k8s/. */
export type Files = Readonly<Record<string, string>>;

const HEADER =
  '# Made from the chart by `npm run k8s`. Change charts/millrace or k8s/values, and run it again.\n';
const NAMESPACE = 'millrace';

const yaml = (value: unknown) => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
const documents = (objects: readonly unknown[]) => HEADER + objects.map(yaml).join('---\n');

function kustomization(fields: object): string {
  return HEADER + yaml({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', ...fields });
}

/** The file that an object belongs to: its component's. */
function fileOf({ kind, metadata }: KubeObject): string {
  if (kind === 'NetworkPolicy') return 'network-policies.yaml';
  const { 'app.kubernetes.io/component': component, 'millrace.dev/pool': pool } = metadata.labels ?? {};
  if (component === undefined || component === 'metrics') return 'monitoring.yaml';
  return pool === undefined ? `${component}.yaml` : `${component}-${pool}.yaml`;
}

function byFile(folder: string, objects: readonly KubeObject[]): Record<string, string> {
  const groups = Map.groupBy(objects, fileOf);
  return Object.fromEntries([...groups].map(([file, group]) => [`${folder}/${file}`, documents(group)]));
}

const names = (folder: string, files: Files) =>
  Object.keys(files)
    .map((path) => path.slice(folder.length + 1))
    .sort();

/** The namespace takes only pods that Pod Security's *restricted* profile accepts, and says so. */
const namespace = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
};

export function baseFiles(objects: readonly KubeObject[]): Files {
  const files = { ...byFile('base', objects), 'base/namespace.yaml': documents([namespace]) };
  return { ...files, 'base/kustomization.yaml': kustomization({ resources: names('base', files) }) };
}

const target = ({ apiVersion, kind, metadata }: KubeObject) => {
  const [version, group] = apiVersion.split('/').reverse();
  return { ...(group && { group }), version, kind, name: metadata.name };
};

const patchFile = ({ target: { kind, metadata } }: ObjectPatch) =>
  `patches/${kind.toLowerCase()}-${metadata.name}.yaml`;

export function overlayFiles(name: string, { resources, patches, removed }: Overlay): Files {
  const folder = `overlays/${name}`;
  const own = byFile(folder, resources);
  const steps = patches.map((patch) => [`${folder}/${patchFile(patch)}`, HEADER + yaml(patch.steps)]);
  const deletions = removed.map(({ apiVersion, kind, metadata }) => ({
    patch: yaml({ $patch: 'delete', apiVersion, kind, metadata: { name: metadata.name } }),
    target: target({ apiVersion, kind, metadata }),
  }));
  const all = [
    ...patches.map((patch) => ({ path: patchFile(patch), target: target(patch.target) })),
    ...deletions,
  ];
  return {
    ...own,
    ...Object.fromEntries(steps),
    [`${folder}/kustomization.yaml`]: kustomization({
      resources: ['../../base', ...names(folder, own)],
      ...(all.length > 0 && { patches: all }),
    }),
  };
}

/** The alerts as a plain Prometheus reads them, for examples/prometheus. */
export function rulesFile(objects: readonly KubeObject[]): Files {
  const rule = objects.find(({ kind }) => kind === 'PrometheusRule') as { spec: unknown } | undefined;
  return { 'examples/prometheus/server/rules.yaml': documents([rule?.spec]) };
}
