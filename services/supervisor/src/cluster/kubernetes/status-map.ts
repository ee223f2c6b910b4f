import { type Clock, isoTime } from '@millrace/core';
import type { ClusterCondition } from '../pod-controllers.ts';
import { isStatus, type KubernetesApi } from './api.ts';
import type { KubernetesObject } from './objects.ts';

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** A condition with the time of its last change of status. */
export interface DatedCondition extends ClusterCondition {
  readonly lastTransitionTime: string;
}

/** Conditions as they were, where they still are so; else with the time of now. */
export function datedConditions(
  before: readonly DatedCondition[],
  now: readonly ClusterCondition[],
  nowMs: number,
): readonly DatedCondition[] {
  return now.map((condition) => {
    const known = before.find(({ type }) => type === condition.type);
    const isSame = known?.status === condition.status;
    return { ...condition, lastTransitionTime: isSame ? known.lastTransitionTime : isoTime(nowMs) };
  });
}

function readDated(data: ConfigMap['data']): readonly DatedCondition[] {
  try {
    const found: unknown = JSON.parse(data?.conditions ?? '[]');
    return Array.isArray(found) ? (found as DatedCondition[]) : [];
  } catch {
    // Somebody wrote into it by hand: it is ours, and written anew.
    return [];
  }
}

/**
 * Writes the status into the ConfigMap `name`: `conditions` as JSON with their times, each condition's status once more
 * under its own type (`kubectl wait --for=jsonpath='{.data.Ready}'=True`), and `status`, a text for people.
 */
export async function writeStatusMap(
  api: KubernetesApi,
  clock: Clock,
  { name, labels }: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
  conditions: readonly ClusterCondition[],
  text: string,
): Promise<void> {
  const collection = `/api/v1/namespaces/${api.namespace}/configmaps`;
  const found = await api.call('GET', `${collection}/${name}`).catch((error) => {
    if (isStatus(error, 404)) return null;
    throw error;
  });
  const before = found as ConfigMap | null;
  const dated = datedConditions(readDated(before?.data), conditions, clock.nowMs());
  const data = {
    conditions: JSON.stringify(dated, null, 2),
    status: text,
    ...Object.fromEntries(conditions.map(({ type, status }) => [type, status])),
  };
  if (before !== null && JSON.stringify(sorted(before.data)) === JSON.stringify(sorted(data))) return;
  const kind = { apiVersion: 'v1', kind: 'ConfigMap' };
  const metadata = before === null ? { name, labels } : { ...before.metadata, labels };
  if (before === null) await api.call('POST', collection, { body: { ...kind, metadata, data } });
  else await api.call('PUT', `${collection}/${name}`, { body: { ...kind, metadata, data } });
}

function sorted(data: ConfigMap['data']): readonly (readonly [string, string])[] {
  return Object.entries(data ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}
