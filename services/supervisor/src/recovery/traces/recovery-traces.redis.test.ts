import { newStartId, silentLog, systemClock } from '@millrace/core';
import type { Store } from '@millrace/queue';
import { recoveryPlaceOf, type SpanRecord, samplingPolicy } from '@millrace/telemetry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  certificateOf,
  gate,
  jobs,
  type QueueBench,
  queueBench,
  until,
} from '../../../../../tests/support/queue.ts';
import { createRecoverer } from '../recoverer.ts';
import { createRecoveryTraces } from './recovery-traces.ts';

let bench: QueueBench;
let store: Store;
const spans: SpanRecord[] = [];
const stops: (() => Promise<void>)[] = [];
beforeEach(async () => {
  bench = queueBench();
  store = await bench.store('patient');
  spans.length = 0;
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await bench.close();
});

/** A replica as far as it recovers, with its own connections; what it exports goes into `spans`. */
async function replica(supervisor: string, over: { store?: Store; export?: boolean } = {}) {
  const own = over.store ?? (await bench.store('patient'));
  const rules = { sampling: samplingPolicy('cuts', 0), shapeOf: () => 'auto' as const, store: null };
  const collected = {
    add: (records: readonly SpanRecord[]) => void (over.export !== false && spans.push(...records)),
    flush: async () => undefined,
  };
  const common = { clock: systemClock, log: silentLog };
  const traces = createRecoveryTraces({ supervisor, store: own, spans: collected, rules, ...common });
  const callbacks = { onReclaimed: () => undefined, onRecovered: () => undefined };
  const recoverer = createRecoverer({ store: own, ...common, ...callbacks, traces });
  stops.push(() => recoverer.stop());
  return recoverer;
}

/** A worker that holds `n` jobs in each of the queues, and is dead. */
async function deadHolder(queues: readonly string[], n: number) {
  const startId = newStartId('pod');
  for (const queue of queues) {
    const hold = gate();
    await store.queue(queue).add(jobs(n));
    await bench.consumer({ queue, startId, concurrency: n, run: hold.run }).start();
    await until(() => hold.started.size === n, 'they run');
  }
  const diedAtMs = systemClock.nowMs();
  return certificateOf(startId, { cause: 'crash', blame: 'none', diedAtMs, certifiedAtMs: diedAtMs + 1 });
}

async function successor(queues: readonly string[]) {
  for (const queue of queues)
    await bench.consumer({ queue, run: async () => ({ kind: 'ok', value: 1 }) }).start();
}

const named = (name: string) => spans.filter((span) => span.name === name);
const ids = (records: readonly SpanRecord[]) => records.map(({ spanId }) => spanId);

test('two supervisors at once write each dead attempt once, and one trace of the recovery, linked both ways', async () => {
  const queues = ['mail', 'video'];
  const certificate = await deadHolder(queues, 3);
  const [a, b] = [await replica('a'), await replica('b')];
  const recovered = [a, b].map((each) => each.recover(certificate, async () => queues));
  await until(
    () => named('process video').length > 0 && named('process mail').length > 0,
    'the dead are told of',
  );
  await successor(queues);
  expect(await Promise.all(recovered)).toEqual([true, true]);
  const attempts = [...named('process mail'), ...named('process video')];
  expect(attempts).toHaveLength(6);
  expect(new Set(ids(spans)).size).toBe(spans.length);
  const names = spans.map(({ name }) => name).filter((name) => !/^(process|send)/.test(name));
  expect(names.toSorted()).toEqual([
    ...['detect', 'fence', 'reclaim', 'recover', ...Array.from({ length: 6 }, () => 'restart')],
  ]);
  const root = recoveryPlaceOf(certificate.worker);
  expect(named('recover')).toMatchObject([{ ...root, parentSpanId: null }]);
  for (const { links } of attempts) expect(links).toEqual([root]);
  const dead = new Set(ids(attempts));
  for (const { traceId, parentSpanId, links } of named('restart')) {
    expect({ traceId, parentSpanId }).toEqual({ traceId: root.traceId, parentSpanId: root.spanId });
    expect(dead.has(links?.[0]?.spanId ?? '')).toBe(true);
    expect(links?.[1]?.traceId).toBe(links?.[0]?.traceId);
  }
});

test('the phases are those of the record, which all replicas wrote together', async () => {
  const certificate = await deadHolder(['mail'], 2);
  const [a, b] = [await replica('a'), await replica('b')];
  const recovered = [a, b].map((each) => each.recover(certificate, async () => ['mail']));
  await successor(['mail']);
  await Promise.all(recovered);
  const record = await store.board.recovery(certificate.worker);
  const [root] = named('recover');
  const us = (phase: string) => Number(root?.attributes[`millrace.recovery.${phase}_us`]) / 1000;
  expect(Math.abs(us('reclaim') - Number(record?.reclaimMs))).toBeLessThan(5);
  expect(us('last_orphan')).toBe(record?.lastOrphanMs);
  const last = Math.max(...named('restart').map(({ endUs }) => endUs));
  expect(Math.abs(last / 1000 - certificate.diedAtMs - Number(record?.lastOrphanMs))).toBeLessThan(1);
});

test('a supervisor that ends between the two leaves the second to the next, who does not write the first again', async () => {
  const certificate = await deadHolder(['mail'], 3);
  const a = await replica('a');
  const left = a.recover(certificate, async () => ['mail']);
  await until(() => named('process mail').length === 3, 'the attempts are told of');
  await a.stop();
  expect(await left).toBe(false);
  expect(named('recover')).toEqual([]);
  const [begun] = await store.board.recoveries(1);
  const b = await replica('b');
  const resumed = b.resume(begun as NonNullable<typeof begun>, async () => ['mail']);
  await successor(['mail']);
  expect(await resumed).toBe(true);
  expect(named('process mail')).toHaveLength(3);
  expect(named('recover')).toHaveLength(1);
  expect(named('restart')).toHaveLength(3);
});

test('the same supervisor asked again, as after a recovery that failed, writes nothing twice', async () => {
  const certificate = await deadHolder(['mail'], 2);
  const a = await replica('a');
  await successor(['mail']);
  const recover = () => a.recover(certificate, async () => ['mail']);
  expect([await recover(), await recover()]).toEqual([true, true]);
  expect(named('process mail')).toHaveLength(2);
  expect(named('recover')).toHaveLength(1);
});

test('who wants no spans claims none: the other replica writes them', async () => {
  const certificate = await deadHolder(['mail'], 1);
  const silent = createRecoverer({
    ...{
      store,
      clock: systemClock,
      log: silentLog,
      onReclaimed: () => undefined,
      onRecovered: () => undefined,
    },
    traces: (await import('./recovery-traces.ts')).NO_TRACES,
  });
  stops.push(() => silent.stop());
  await successor(['mail']);
  await silent.recover(certificate, async () => ['mail']);
  const b = await replica('b');
  await b.recover(certificate, async () => ['mail']);
  expect(named('process mail')).toHaveLength(1);
  expect(named('recover')).toHaveLength(1);
});

test('a planned end that handed nothing back leaves no trace; one that did leaves both', async () => {
  const a = await replica('a');
  await a.recover(certificateOf(newStartId('pod'), { cause: 'shutdown' }), async () => ['mail']);
  expect(spans).toEqual([]);
  const certificate = { ...(await deadHolder(['mail'], 1)), cause: 'shutdown' as const };
  await successor(['mail']);
  await a.recover(certificate, async () => ['mail']);
  expect(named('process mail')).toMatchObject([{ attributes: { 'millrace.death.cause': 'shutdown' } }]);
  expect(named('recover')).toHaveLength(1);
});
