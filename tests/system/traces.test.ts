import { fileURLToPath } from 'node:url';
import { type JobView, systemClock } from '@millrace/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasJaeger, type Jaeger, type JaegerSpan, startJaeger } from '../support/jaeger.ts';
import { configFile, type Launched, launch, type Ready, scratch } from '../support/launch.ts';
import { until } from '../support/queue.ts';

const HANDLERS = fileURLToPath(new URL('../fixtures/handlers/traced', import.meta.url));
const SETTINGS = `
http: { port: 0, healthPort: 0 }
supervision: { healthPort: 0, suspectMs: 700, hangLimitMs: 1500 }
worker: { processes: 2, concurrency: 4, healthPort: 0 }
drain: { timeoutMs: 500ms, noticeMs: 100ms }
`;
const [SERVER, CLIENT, PRODUCER, CONSUMER] = [2, 3, 4, 5];
const ERROR = 2;

interface Worker {
  readonly id: string;
  readonly pid: number;
  readonly state: string;
  readonly busy: number;
}
interface Posted {
  readonly id: string;
  readonly traceId: string;
}

const named = (spans: readonly JaegerSpan[], name: string) => spans.filter((span) => span.name === name);
const outcomes = (spans: readonly JaegerSpan[]) =>
  named(spans, 'process traced').map(({ attributes }) => attributes['millrace.outcome']);
const linked = (span: JaegerSpan | undefined) => (span?.links ?? []).map(({ spanId }) => spanId);

describe.skipIf(!hasJaeger())(
  'with a real Jaeger (`jaeger` on the PATH), every job sampled',
  {
    timeout: 90_000,
  },
  () => {
    let jaeger: Jaeger;
    let platform: Launched;
    let ready: Ready;
    let remove: () => Promise<void>;

    beforeAll(async () => {
      jaeger = await startJaeger();
      const { dir, remove: removeDir } = await scratch();
      remove = removeDir;
      const config = await configFile(dir, SETTINGS);
      platform = launch(['--json', '--dir', dir, '--config', config], {
        MILLRACE_HANDLERS: HANDLERS,
        OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlpUrl,
        OTEL_SDK_DISABLED: 'false',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_TRACES_SAMPLER: 'always_on',
        OTEL_BSP_SCHEDULE_DELAY: '100',
      });
      ready = await platform.ready();
      expect(ready, platform.stderr()).toMatchObject({ url: expect.any(String) });
    }, 120_000);
    afterAll(async () => {
      platform?.process.kill('SIGTERM');
      await platform?.exit();
      await jaeger?.close();
      await remove?.();
    }, 60_000);

    async function api<T>(path: string, init?: RequestInit): Promise<{ headers: Headers; body: T }> {
      const answer = await fetch(`${ready.url}/v1/${path}`, init);
      const body = (await answer.json()) as T;
      expect({ path, status: answer.status, body }).toMatchObject({ status: expect.any(Number) });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${JSON.stringify(body)}`);
      return { headers: answer.headers, body };
    }

    async function post(
      data: object,
      opts: object = {},
      headers: Record<string, string> = {},
    ): Promise<Posted> {
      const { headers: answered, body } = await api<{ id: string }>('queues/traced/jobs', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ name: 'step', data, opts }),
      });
      return { id: body.id, traceId: (answered.get('traceresponse') ?? '').split('-')[1] ?? '' };
    }

    const workers = async () => (await api<{ workers: Worker[] }>('workers')).body.workers;
    /** The worker process that runs the job: as the store has it, for beats tell of a moment ago. */
    async function holder({ id }: Posted): Promise<Worker> {
      let found: Worker | undefined;
      await until(async () => {
        const { attempts } = (await api<JobView>(`queues/traced/jobs/${id}`)).body;
        const holds = attempts.find(({ outcome }) => outcome === 'running')?.worker;
        found = (await workers()).find((worker) => worker.id === holds);
        return found !== undefined;
      }, 'a worker holds the job');
      return found as Worker;
    }
    const whole = async () => {
      const serving = async () => (await workers()).filter(({ state }) => state === 'running').length === 2;
      await until(serving, 'both workers run', 30_000);
    };
    const ended = ({ traceId }: Posted, attempts: number) =>
      jaeger.traceOnce(traceId, (spans) => named(spans, 'process traced').length >= attempts);

    /** The killed attempt, the one after it, and the recovery that both are linked with. */
    async function expectRecovered(posted: Posted, cause: string): Promise<void> {
      const spans = await ended(posted, 2);
      const [killed, again] = named(spans, 'process traced');
      expect(killed).toMatchObject({
        kind: CONSUMER,
        status: { code: ERROR },
        attributes: {
          'error.type': 'worker_killed',
          'millrace.outcome': 'killed',
          'millrace.death.cause': cause,
        },
      });
      expect(again?.attributes['millrace.outcome']).toBe('completed');
      expect(linked(again)).toContain(killed?.spanId);
      const recoveryId = killed?.links?.[0]?.traceId ?? '';
      const recovery = await jaeger.traceOnce(recoveryId, (all) => named(all, 'restart').length >= 1);
      expect(recovery.map(({ name }) => name).sort()).toEqual(
        ['detect', 'fence', 'reclaim', 'recover', 'respawn', 'restart'].filter(
          (name) => name !== 'respawn' || named(recovery, 'respawn').length > 0,
        ),
      );
      expect(linked(named(recovery, 'restart')[0])).toEqual(
        expect.arrayContaining([killed?.spanId, again?.spanId]),
      );
      await whole();
    }

    test('a job that succeeds: request, send, process, settle, and the handler’s own span, in the client’s trace', async () => {
      const client = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
      const posted = await post({}, {}, { traceparent: `00-${client.traceId}-${client.spanId}-01` });
      expect(posted.traceId).toBe(client.traceId);
      const spans = await jaeger.traceOnce(client.traceId, (all) => all.length >= 5);
      const [server] = spans.filter(({ kind }) => kind === SERVER);
      const [send] = named(spans, 'send traced');
      const [process] = named(spans, 'process traced');
      const [settle] = named(spans, 'settle traced');
      const [inside] = named(spans, 'inside');
      expect(server).toMatchObject({ parentSpanId: client.spanId, service: 'millrace-producer' });
      expect(send).toMatchObject({ kind: PRODUCER, parentSpanId: server?.spanId });
      expect(process).toMatchObject({
        kind: CONSUMER,
        parentSpanId: send?.spanId,
        service: 'millrace-worker',
      });
      expect(process?.status?.code ?? 0).toBe(0);
      expect(process?.attributes).toMatchObject({
        'messaging.system': 'bullmq',
        'messaging.operation.type': 'process',
        'messaging.destination.name': 'traced',
        'messaging.message.id': posted.id,
        'bullmq.job.attempt': 1,
        'millrace.outcome': 'completed',
      });
      expect(settle).toMatchObject({ kind: CLIENT, parentSpanId: process?.spanId });
      expect(inside?.parentSpanId).toBe(process?.spanId);
      expect(BigInt(settle?.endTimeUnixNano ?? 0)).toBeLessThanOrEqual(BigInt(process?.endTimeUnixNano ?? 0));
    });

    test('a delayed job: its wait counts from when it was due', async () => {
      const spans = await ended(await post({}, { delayMs: 300 }), 1);
      const [send] = named(spans, 'send traced');
      const [process] = named(spans, 'process traced');
      const apartUs = (Number(process?.startTimeUnixNano) - Number(send?.startTimeUnixNano)) / 1000;
      expect(apartUs).toBeGreaterThanOrEqual(290_000);
      expect(Number(process?.attributes['millrace.wait_us'])).toBeLessThan(apartUs - 250_000);
    });

    test('a retry that is handled: the first attempt is red, the second links to it', async () => {
      const spans = await ended(await post({ throws: 1 }, { attempts: 2 }), 2);
      const [first, second] = named(spans, 'process traced');
      expect(outcomes(spans)).toEqual(['retried', 'completed']);
      expect(first).toMatchObject({ status: { code: ERROR, message: 'not this time' } });
      expect(first?.attributes['error.type']).toBe('Unlucky');
      expect(second?.parentSpanId).toBe(first?.parentSpanId);
      expect(linked(second)).toContain(first?.spanId);
      expect(second?.attributes['bullmq.job.attempt']).toBe(2);
    });

    test('a failure for good is told from one that is tried again', async () => {
      const spans = await ended(await post({ hopeless: true }), 1);
      expect(outcomes(spans)).toEqual(['failed']);
      expect(named(spans, 'process traced')[0]?.status).toMatchObject({ code: ERROR, message: 'no use' });
    });

    test('a timeout', async () => {
      const spans = await ended(await post({ ms: 5_000 }, { timeoutMs: 100 }), 1);
      expect(named(spans, 'process traced')[0]?.attributes).toMatchObject({
        'error.type': 'job_timeout',
        'millrace.outcome': 'failed',
      });
    });

    test('a bulk of 500: a trace each, that link to one send', async () => {
      const traceId = 'abf92f3577b34da6a3ce929d0e0e4736';
      const jobs = Array.from({ length: 500 }, () => ({ name: 'step', data: {} }));
      await api('queues/traced/jobs', {
        method: 'POST',
        headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
        body: JSON.stringify({ jobs }),
      });
      const batch = await jaeger.traceOnce(traceId, (all) => all.length >= 2);
      const [send] = named(batch, 'send traced');
      expect(send?.attributes['messaging.batch.message_count']).toBe(500);
      expect(batch.length).toBeLessThan(200);
      let found: readonly (readonly JaegerSpan[])[] = [];
      await until(async () => {
        // A search of so many costs Jaeger more than the jobs cost us.
        await systemClock.sleep(500);
        found = await jaeger.search('process traced', 1_000);
        found = found.filter((spans) => spans.some((span) => linked(span).includes(send?.spanId ?? '')));
        return found.length === 500;
      }, '500 traces link to it');
      expect(Math.max(...found.map((spans) => spans.length))).toBeLessThan(200);
      for (const spans of found) expect(named(spans, 'process traced')[0]?.parentSpanId ?? '').toBe('');
    });

    test('an attempt whose process was killed', async () => {
      const posted = await post({ ms: 1_000 });
      process.kill((await holder(posted)).pid, 'SIGKILL');
      await expectRecovered(posted, 'killed');
    });

    test('one whose process froze: fenced, it writes nothing when it wakes', async () => {
      const posted = await post({ ms: 1_000 });
      const { pid, id } = await holder(posted);
      process.kill(pid, 'SIGSTOP');
      const isGone = async () =>
        !(await workers()).some((worker) => worker.id === id && worker.state !== 'dead');
      await until(isGone, 'it is declared dead');
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // Its pod had killed it already.
      }
      await expectRecovered(posted, 'hung');
      expect(outcomes(await jaeger.trace(posted.traceId))).toEqual(['killed', 'completed']);
    });

    test('one that is handed back by a drain', async () => {
      const posted = await post({ ms: 2_000 });
      await api(`workers/${(await holder(posted)).id}/drain`, { method: 'POST' });
      const spans = await ended(posted, 2);
      expect(outcomes(spans)).toEqual(['returned', 'completed']);
      expect(named(spans, 'process traced')[0]?.status?.code ?? 0).toBe(0);
      await whole();
    });

    test('one that kills its process: three killed attempts, dead-lettered; its replay links to the last', async () => {
      const posted = await post({ dies: 3 });
      const isDead = async () =>
        (await api<{ state: string }>(`queues/traced/jobs/${posted.id}`)).body.state === 'failed';
      await until(isDead, 'it is dead-lettered', 30_000);
      const spans = await ended(posted, 3);
      // The first takes its worker with it; suspected, it dies alone, and its worker lives to tell of that.
      expect(outcomes(spans)).toEqual(['killed', 'killed', 'failed']);
      expect(named(spans, 'process traced').map(({ status }) => status?.code)).toEqual([ERROR, ERROR, ERROR]);
      const last = named(spans, 'process traced').at(-1);
      const { headers } = await api(`queues/traced/dead-letters/${posted.id}/replay`, { method: 'POST' });
      const replayTrace = (headers.get('traceresponse') ?? '').split('-')[1] ?? '';
      const replayed = await jaeger.traceOnce(replayTrace, (all) => named(all, 'process traced').length >= 1);
      expect(named(replayed, 'process traced').flatMap(linked)).toContain(last?.spanId);
      await whole();
      // Its kills may spend the pod's restarts: then a pod is started anew.
    }, 60_000);
  },
);
