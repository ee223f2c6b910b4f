import { newStartId, silentLog, systemClock } from '@millrace/core';
import type { Store } from '@millrace/queue';
import { type Beat, createLink } from '@millrace/supervision';
import { readTelemetrySettings, recoveryTraceIdOf } from '@millrace/telemetry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type OtlpSink, otlpSink, type SeenSpan } from '../../../tests/support/otlp-sink.ts';
import { gate, jobs, type QueueBench, queueBench, until } from '../../../tests/support/queue.ts';
import { createUnmanagedCluster } from './cluster/local-cluster.ts';
import type { Supervisor } from './contract.ts';
import { createSupervisor } from './supervisor.ts';

const [clock, log, key] = [systemClock, silentLog, 'a shared key'];
const yaml = `
supervision: {linkPort: 0, healthPort: 0, beatMs: 50, suspectMs: 300, hangLimitMs: 1200, replicas: 2}
`;

let bench: QueueBench;
let store: Store;
let sink: OtlpSink;
let replicas: Supervisor[];
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  bench = queueBench(yaml);
  store = await bench.store('patient');
  await store.board.addQueueName('work');
  sink = await otlpSink();
  replicas = [await supervisor(), await supervisor()];
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  await bench.close();
  await sink.close();
});

async function supervisor(): Promise<Supervisor> {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_METRICS_EXPORTER: 'none' };
  const made = createSupervisor(bench.config, {
    ...{ clock, log, key, cluster: createUnmanagedCluster(), pid: process.pid },
    telemetry: readTelemetrySettings(env, { name: 'millrace-supervisor', version: '0', instance: 'i' }),
  });
  stops.push(() => made.stop());
  await made.start();
  return made;
}

async function linked(hello: Parameters<typeof createLink>[0]['hello']) {
  const addresses = replicas.map(({ ports }) => `127.0.0.1:${ports.link}`);
  const link = createLink({ addresses, key, hello, onOrder: () => undefined }, { clock, log });
  stops.push(() => link.stop());
  await link.start();
  await until(() => link.connected === 2, 'both know of it');
  return link;
}

const podLink = () =>
  linked(() => ({
    ...{ kind: 'pod' as const, id: 'pod-a', pool: 'pod', pid: 4141, host: 'here', startedAtMs: 1 },
    children: [],
  }));

/** A worker that is all in this process, linked with both. It beats until `hush`. */
async function worker(concurrency: number) {
  const id = newStartId('pod-a');
  const handler = gate();
  const link = await linked(() => ({
    ...{ kind: 'worker' as const, id, pod: 'pod-a', slot: 0, pid: 4242, host: 'here' },
    ...{ queues: ['work'], concurrency, standby: false, startedAtMs: clock.nowMs(), capabilities: [] },
  }));
  const consumer = bench.consumer({ startId: id, concurrency, run: handler.run });
  await consumer.start();
  const beat = (): Beat => ({
    ...{ type: 'beat', atMs: clock.nowMs(), state: 'running', slot: 0, queues: ['work'], concurrency },
    ...{ busy: handler.started.size, loopDelayMs: 0, cpuMs: 0, rssBytes: 0, heapBytes: 0 },
  });
  const beats = clock.every(50, () => link.send(beat()));
  stops.push(async () => beats.cancel());
  return {
    ...{ id, handler },
    hush: () => beats.cancel(),
    /** Link and store connections go, as by SIGKILL. */
    async vanish() {
      beats.cancel();
      await Promise.all([link.stop(), consumer.stop()]);
    },
  };
}

async function busy(n: number) {
  const made = await worker(n);
  await store.queue('work').add(jobs(n));
  await until(() => made.handler.started.size === n, 'the jobs run');
  return made;
}

const count = (spans: readonly SeenSpan[], name: string) => spans.filter((span) => span.name === name).length;

test('a killed worker: each of its attempts is told once by one of two, and one trace tells how they came back', async () => {
  const dead = await busy(3);
  const pod = await podLink();
  await dead.vanish();
  pod.send({
    ...{ type: 'exit', worker: dead.id, slot: 0, pid: 4242, code: null, signal: 'SIGKILL' },
    ...{ atMs: clock.nowMs(), expected: false, stderrTail: [] },
  });
  const successor = await worker(3);
  await until(() => successor.handler.started.size === 3, 'they run again');
  const whole = await sink.until((spans) => count(spans, 'recover') > 0 && count(spans, 'respawn') > 0);
  for (const each of replicas) await each.stop();
  expect(sink.spans.length).toBe(whole.length);
  const attempts = sink.named('process work');
  expect(attempts).toHaveLength(3);
  for (const { status, attributes, links, resource } of attempts) {
    expect({ status, cause: attributes['millrace.death.cause'] }).toEqual({
      status: 'error',
      cause: 'killed',
    });
    expect(attributes).toMatchObject({
      'error.type': 'worker_killed',
      'millrace.death.exit_signal': 'SIGKILL',
    });
    expect(links).toMatchObject([{ traceId: recoveryTraceIdOf(dead.id) }]);
    expect(resource['service.name']).toBe('millrace-supervisor');
  }
  const ofRecovery = sink.spans.filter(({ traceId }) => traceId === recoveryTraceIdOf(dead.id));
  expect(ofRecovery.map(({ name }) => name).toSorted()).toEqual([
    ...['detect', 'fence', 'reclaim', 'recover', 'respawn', 'restart', 'restart', 'restart'],
  ]);
  const ids = attempts.map(({ spanId }) => spanId);
  expect(
    sink
      .named('restart')
      .map(({ links }) => links[0]?.spanId)
      .toSorted(),
  ).toEqual(ids.toSorted());
});

test('a frozen worker is told of as one that hung; what it says when it wakes is no second span', async () => {
  const frozen = await busy(1);
  const other = await worker(1);
  frozen.hush();
  await until(() => other.handler.started.size === 1, 'its job runs elsewhere', 10_000);
  frozen.handler.finishAll();
  other.handler.finishAll();
  await sink.until((spans) => count(spans, 'recover') > 0);
  for (const each of replicas) await each.stop();
  expect(sink.named('process work')).toMatchObject([{ attributes: { 'millrace.death.cause': 'hung' } }]);
  expect(count(sink.spans, 'recover')).toBe(1);
});
