import { fullnameOf } from '../../../loadtests/runner/fullname.ts';
import { type Api, openApi } from './api.ts';
import { eventually, find, isReady, list, type Manifest } from './kubernetes.ts';
import { must, run } from './shell.ts';

export const CHART = 'charts/millrace';

/** Grace and drain short enough for a test of minutes, two pods to a pool, everything else as a user installs it. */
export const TEST_VALUES = 'tests/cluster/values.yaml';

export type Role = 'viewer' | 'operator' | 'admin';

/** An installed release. */
export interface Release {
  readonly name: string;
  readonly namespace: string;
  /** The prefix of its objects' names. */
  readonly fullname: string;
  /** Pods of a component that are not on their way out. */
  pods(component: string): Promise<Manifest[]>;
  /** Resolves once every Deployment and StatefulSet is as large as it is to be, and every pod of it ready. */
  settled(withinMs?: number): Promise<void>;
  token(role: Role): Promise<string>;
  api(role?: Role): Promise<Api>;
  helm(...args: readonly string[]): Promise<string>;
}

/** How a release of that name in that namespace is reached, whether or not it is installed yet. */
export function releaseOf(name: string, namespace: string, helmBinary = 'helm'): Release {
  const fullname = fullnameOf(name);
  const instance = `app.kubernetes.io/instance=${name}`;

  async function workloads(): Promise<Manifest[]> {
    return [
      ...(await list('deployment', namespace, instance)),
      ...(await list('statefulset', namespace, instance)),
    ];
  }

  async function isSettled(): Promise<boolean> {
    const done = (await workloads()).every(({ metadata, spec, status = {} }) => {
      const wanted = spec.replicas ?? 1;
      const { observedGeneration = 0, updatedReplicas = 0, readyReplicas = 0, replicas = 0 } = status;
      return (
        observedGeneration >= metadata.generation &&
        [updatedReplicas, readyReplicas, replicas].every((count) => count === wanted)
      );
    });
    return done && (await list('pod', namespace, instance)).filter(isServing).every(isReady);
  }

  const isServing = ({ metadata, status }: Manifest) =>
    status?.phase !== 'Succeeded' && metadata.labels?.['app.kubernetes.io/component'] !== 'test';

  async function token(role: Role): Promise<string> {
    const secret = await find('secret', `${fullname}-auth`, namespace);
    return Buffer.from(secret?.data?.[role] ?? '', 'base64').toString();
  }
  return {
    name,
    namespace,
    fullname,
    async pods(component) {
      const selector = `${instance},app.kubernetes.io/component=${component}`;
      return (await list('pod', namespace, selector)).filter(({ metadata }) => !metadata.deletionTimestamp);
    },
    settled: async (withinMs = 90_000) => {
      await eventually('the release is settled', withinMs, isSettled);
    },
    token,
    api: async (role = 'admin') => openApi(namespace, `svc/${fullname}-producer`, await token(role)),
    helm: (...args) => must([helmBinary, '-n', namespace, ...args]),
  };
}

/** The pools' Deployments, producers and supervisors are ready within `timeout`, or this rejects with helm's words. */
export function install(release: Release, args: readonly string[] = [], timeout = '120s'): Promise<string> {
  return release.helm(
    ...['install', release.name, CHART, '-f', TEST_VALUES, '--wait', '--timeout', timeout],
    ...args,
  );
}

/** The release and its namespace are gone. */
export async function remove(release: Release): Promise<void> {
  await run(['helm', '-n', release.namespace, 'uninstall', release.name, '--wait', '--timeout', '60s']);
  await run(['kubectl', 'delete', 'namespace', release.namespace, '--timeout=60s']);
}
