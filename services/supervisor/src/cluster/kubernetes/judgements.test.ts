import { prometheusText } from '@millrace/telemetry';
import { describe, expect, test } from 'vitest';
import { adapterFamilies } from './adapter-metrics.ts';
import { createApiMeter } from './api-meter.ts';
import { poolSizes } from './collections.ts';
import { costPatch } from './deletion-cost.ts';
import { clusterNames } from './names.ts';
import { datedConditions } from './status-map.ts';
import { deploymentObject, podObject, second } from './testing.ts';
import { watchBackoffMs } from './watch-list.ts';

describe('deletion costs', () => {
  const [cost, owner] = ['controller.kubernetes.io/pod-deletion-cost', 'millrace.dev/deletion-cost-by'];
  const ours = { [cost]: '100', [owner]: 'supervisor' };
  test.each([
    ['busy, none yet: set', {}, 100, ours],
    ['as it is to be: nothing', ours, 100, null],
    ['busier: set anew', ours, 110, { ...ours, [cost]: '110' }],
    ['idle again: cleared', ours, 0, { [cost]: null, [owner]: null }],
    ['idle, none: nothing', {}, 0, null],
    ['set by a person: theirs, busy or idle', { [cost]: '5' }, 100, null],
    ['the same when idle', { [cost]: '5' }, 0, null],
  ])('%s', (_, annotations, wanted, patch) => {
    expect(costPatch(podObject({ annotations }), wanted)).toEqual(patch);
  });
});

describe('the sizes of pools', () => {
  const crashing = { state: { waiting: { reason: 'CrashLoopBackOff' } } };
  test('are what their Deployments are told, and the pods that are there', () => {
    const pods = [
      podObject({ uid: 'a' }),
      podObject({ uid: 'b', container: crashing }),
      podObject({ uid: 'c', deletionTimestamp: second(1) }),
      podObject({ uid: 'd', status: { phase: 'Failed' } }),
    ];
    const sizes = poolSizes([deploymentObject('default', 3), deploymentObject('idle', 0)], pods);
    expect([...sizes]).toEqual([
      ['default', { wanted: 3, present: 2, crashing: 1, paused: false }],
      ['idle', { wanted: 0, present: 0, crashing: 0, paused: false }],
    ]);
  });

  test('one that says that it is paused is', () => {
    const deployment = deploymentObject('p', 2);
    const metadata = { ...deployment.metadata, annotations: { 'millrace.dev/paused': 'true' } };
    expect(poolSizes([{ ...deployment, metadata }], []).get('p')?.paused).toBe(true);
  });

  test('a Deployment that says nothing has one replica', () => {
    expect(poolSizes([deploymentObject('p')], []).get('p')?.wanted).toBe(1);
  });
});

describe('the age of the server’s last answer', () => {
  test('grows until the next, and a long gap is remembered as an outage', () => {
    const meter = createApiMeter(0);
    meter.answered(1_000);
    expect(meter.staleMs(3_500)).toBe(2_500);
    expect(meter.lastOutage()).toBeNull();
    meter.answered(61_000);
    expect(meter.lastOutage()).toEqual({ sinceMs: 1_000, untilMs: 61_000 });
    expect(meter.staleMs(61_000)).toBe(0);
  });

  test('shows in the metrics, with the calls by verb and status', () => {
    const meter = createApiMeter(0);
    meter.called('GET', 200, 20);
    meter.called('GET', 0, 5_000);
    expect(prometheusText(meter.families(2_500))).toContain('millrace_kubernetes_staleness_seconds 2.5');
    expect(prometheusText(meter.families(0))).toContain(
      'millrace_kubernetes_calls_total{verb="get",code="none"} 1',
    );
  });
});

test('the work on the cluster shows in the metrics', () => {
  const record = { ok: 3, failed: 2, retries: 1, tookMs: 1_500 };
  const lease = { holds: () => true, transitions: 1 };
  const work = { lease, queue: { depth: 4, record } };
  const lines = prometheusText(adapterFamilies(createApiMeter(0), work, 0)).split('\n');
  for (const line of [
    'lease_held 1',
    'lease_transitions_total 1',
    'work_queue_depth 4',
    'reconciles_total{outcome="ok"} 3',
    'reconciles_total{outcome="error"} 2',
    'reconcile_seconds_total 1.5',
    'reconcile_retries_total 1',
    'away 0',
  ])
    expect(lines).toContain(`millrace_kubernetes_${line}`);
});

describe('names', () => {
  const place = { podUid: 'u', nodeName: 'n', namespace: 'ns', release: 'm', appName: null };

  test('are those of the release as its chart says them, however much Kubernetes cut of the pod’s own', () => {
    const fullname = 'a'.repeat(40);
    // 58 characters of the ReplicaSet's name and 5 of its own.
    const podName = `${fullname}-supervisor-8cdc6bgk7jp`;
    expect(clusterNames({ ...place, podName, fullname }, 'me')).toMatchObject({
      lease: `${fullname}-supervisor`,
      status: `${fullname}-status`,
      holder: `${podName}_u`,
    });
  });

  test('come from the release where nobody says them', () => {
    const names = clusterNames({ ...place, podName: null, fullname: null }, 'me');
    expect(names).toMatchObject({ lease: 'm-supervisor', status: 'm-status', holder: 'me' });
    expect(names.selector).toBe(
      'app.kubernetes.io/name=millrace,app.kubernetes.io/instance=m,app.kubernetes.io/component=worker',
    );
  });

  test('select the pods of an application that is called otherwise', () => {
    const names = clusterNames({ ...place, podName: null, fullname: null, appName: 'jobs' }, 'me');
    expect(names.selector).toMatch(/^app\.kubernetes\.io\/name=jobs,/);
    expect(names.labels['app.kubernetes.io/name']).toBe('jobs');
  });
});

test('a condition keeps the time of its last change of status, whatever else changes', () => {
  const ready = { type: 'Ready', status: 'True', reason: 'A', message: '' } as const;
  const first = datedConditions([], [ready], 1_000);
  const same = datedConditions(first, [{ ...ready, reason: 'B' }], 2_000);
  expect(same).toMatchObject([{ reason: 'B', lastTransitionTime: '1970-01-01T00:00:01.000Z' }]);
  const changed = datedConditions(same, [{ ...ready, status: 'False' }], 3_000);
  expect(changed).toMatchObject([{ lastTransitionTime: '1970-01-01T00:00:03.000Z' }]);
});

test('a watch is opened again within 3 s, however often it failed, and never at the same time by all', () => {
  for (const failures of [0, 1, 5, 1_000]) {
    expect(watchBackoffMs(failures, 0.999)).toBeLessThanOrEqual(3_000);
    expect(watchBackoffMs(failures, 0)).toBeLessThan(watchBackoffMs(failures, 0.9));
  }
});
