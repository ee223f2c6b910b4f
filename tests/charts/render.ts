import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments, stringify } from 'yaml';

export const CHART = join(import.meta.dirname, '../../charts/millrace');

/** Whether the tool is on the PATH; suites that need it skip themselves, and say so in their names, when it is not. */
export function has(tool: string): boolean {
  try {
    execFileSync('which', [tool], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** For the name of a suite: what it misses. */
export const missing = (tool: string) => (has(tool) ? '' : ` (skipped: ${tool} is not on the PATH)`);

/** An object of Kubernetes, as far as these tests care. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: the specs of twenty kinds, looked into by path.
  readonly spec?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly data?: any;
}

export interface RenderOptions {
  readonly release?: string;
  readonly namespace?: string;
  readonly helm?: 'helm' | 'helm3';
  /** Folder of the chart. */
  readonly chart?: string;
}

/** What the chart makes of these values. Throws helm's own words when it refuses. */
export async function render(values: object = {}, options: RenderOptions = {}): Promise<Manifest[]> {
  const { release = 'm', namespace = 'ns', helm = 'helm', chart = CHART } = options;
  const file = join(mkdtempSync(join(tmpdir(), 'millrace-values-')), 'values.yaml');
  writeFileSync(file, stringify(values));
  const { stdout } = await promisify(execFile)(
    helm,
    // Without a cluster Helm 3 would take the version that it was built with.
    ['template', release, chart, '--namespace', namespace, '--values', file, '--kube-version', '1.34.0'],
    { maxBuffer: 64 * 2 ** 20, env: { ...process.env, KUBECONFIG: '/dev/null' } },
  ).catch((error) => {
    throw new Error(error.stderr || error.message);
  });
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** Those of one kind, by name. */
export function ofKind(manifests: readonly Manifest[], kind: string): Map<string, Manifest> {
  return new Map(
    manifests
      .filter((manifest) => manifest.kind === kind)
      .map((manifest) => [manifest.metadata.name, manifest]),
  );
}
