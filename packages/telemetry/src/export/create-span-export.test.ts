import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { ManualClock, silentLog, systemClock } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { makeCertificates } from '../../../../tests/support/certificates.ts';
import { until } from '../../../../tests/support/queue.ts';
import { encodeSpans } from '../encode/request.ts';
import { fakeCollector, SPAN, settingsOf } from '../testing.ts';
import { createSpanExport } from './create-span-export.ts';
import type { SpanExport } from './span-export.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function collector(answer?: Parameters<typeof fakeCollector>[0]) {
  const made = await fakeCollector(answer);
  closers.push(made.close);
  return made;
}

async function started(env: Record<string, string>, clock = systemClock): Promise<SpanExport> {
  const made = createSpanExport(settingsOf(env), { clock, log: silentLog, stopMs: 200 });
  await made.start();
  closers.push(() => made.stop());
  return made;
}

describe('exporting spans', () => {
  test('what waits is sent as one request, encoded here or elsewhere, with the user’s headers, compressed', async () => {
    const { url, taken } = await collector();
    const exporter = await started({
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    });
    exporter.add([SPAN]);
    exporter.addEncoded(encodeSpans([SPAN, SPAN]), 2);
    await exporter.flush();
    expect(taken).toHaveLength(1);
    expect(taken[0]).toMatchObject({
      url: '/v1/traces',
      headers: { 'x-key': 'a b', 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
    });
    expect(exporter.stats()).toEqual({
      exported: 3,
      queued: 0,
      dropped: { full: 0, refused: 0, stopped: 0, unfit: 0 },
    });
  });

  test('batches that follow each other at once are all sent', async () => {
    const { url, taken } = await collector();
    const exporter = await started({
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_BSP_MAX_QUEUE_SIZE: '100',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10',
    });
    for (let i = 0; i < 100; i++) exporter.addEncoded(encodeSpans([SPAN]), 1);
    await exporter.flush();
    expect(exporter.stats()).toEqual({
      exported: 100,
      queued: 0,
      dropped: { full: 0, refused: 0, stopped: 0, unfit: 0 },
    });
    expect(taken).toHaveLength(10);
  });

  test('http/json says the same in OTLP-JSON', async () => {
    const { url, taken } = await collector();
    const exporter = await started({
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
    exporter.add([SPAN]);
    await exporter.stop();
    expect(taken[0]?.headers['content-type']).toBe('application/json');
    const [{ scopeSpans }] = JSON.parse(String(taken[0]?.body)).resourceSpans;
    expect(scopeSpans[0].spans[0]).toMatchObject({
      traceId: SPAN.traceId,
      startTimeUnixNano: `${SPAN.startUs}000`,
      kind: 5,
      status: { code: 2, message: 'out of ink' },
    });
  });

  test('a batch leaves when it is full or when its time is up', async () => {
    const { url, taken } = await collector();
    const clock = new ManualClock();
    const exporter = await started(
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2',
        OTEL_BSP_SCHEDULE_DELAY: '50',
      },
      clock,
    );
    exporter.add([SPAN]);
    expect(exporter.stats().queued).toBe(1);
    clock.advance(50);
    await exporter.flush();
    expect(taken).toHaveLength(1);
    exporter.add([SPAN]);
    exporter.add([SPAN]);
    await exporter.flush();
    expect(taken).toHaveLength(2);
    expect(exporter.stats().exported).toBe(3);
  });

  describe('with batches of 2 that have 50 ms, and a collector that answers when it is told to', () => {
    async function setup() {
      const asked: PromiseWithResolvers<void>[] = [];
      const answers: PromiseWithResolvers<void>[] = [];
      for (let i = 0; i < 4; i++) {
        asked.push(Promise.withResolvers());
        answers.push(Promise.withResolvers());
      }
      let at = 0;
      const { url, taken } = await collector(async () => {
        const now = at++;
        asked[now]?.resolve();
        await answers[now]?.promise;
        return { status: 200 };
      });
      const clock = new ManualClock();
      const env = { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2', OTEL_BSP_SCHEDULE_DELAY: '50' };
      const exporter = await started({ OTEL_EXPORTER_OTLP_ENDPOINT: url, ...env }, clock);
      const add = (count: number) => {
        for (let i = 0; i < count; i++) exporter.add([SPAN]);
      };
      return { exporter, clock, add, asked, answers, taken };
    }

    test('what a full batch leaves has its time', async () => {
      const { exporter, clock, add, asked, answers } = await setup();
      add(3);
      await asked[0]?.promise;
      answers[0]?.resolve();
      await expect.poll(() => exporter.stats().exported).toBe(2);
      expect(exporter.stats().queued).toBe(1);
      clock.advance(50);
      await asked[1]?.promise;
      answers[1]?.resolve();
      await expect.poll(() => exporter.stats().exported).toBe(3);
    });

    test('what comes while others are sent whose time was up has its own', async () => {
      const { exporter, clock, add, asked, answers } = await setup();
      add(1);
      clock.advance(50);
      await asked[0]?.promise;
      add(1);
      answers[0]?.resolve();
      await expect.poll(() => exporter.stats().exported).toBe(1);
      expect(exporter.stats().queued).toBe(1);
      add(1);
      await asked[1]?.promise;
      expect(exporter.stats().queued).toBe(0);
      answers[1]?.resolve();
    });

    test('a flush waits for what is there, and for no more', async () => {
      const { exporter, add, asked, answers, taken } = await setup();
      add(3);
      const flushed = exporter.flush();
      await asked[0]?.promise;
      add(1);
      answers[0]?.resolve();
      await asked[1]?.promise;
      answers[1]?.resolve();
      add(2);
      await flushed;
      expect(exporter.stats().exported).toBe(4);
      expect(taken).toHaveLength(2);
      answers[2]?.resolve();
    });
  });

  test('what the collector refuses, in whole or in part, is counted', async () => {
    // ExportTraceServiceResponse { partial_success { rejected_spans: 1 } }
    const answers = [{ status: 400 }, { status: 200, body: Uint8Array.of(0x0a, 0x02, 0x08, 0x01) }];
    const { url } = await collector(() => answers.shift() ?? { status: 200 });
    const exporter = await started({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
    exporter.add([SPAN]);
    await exporter.flush();
    expect(exporter.stats().dropped.refused).toBe(1);
    exporter.add([SPAN, SPAN]);
    await exporter.flush();
    expect(exporter.stats()).toMatchObject({ exported: 1, dropped: { refused: 2 } });
  });

  test('a collector that is busy for a moment gets the same again', async () => {
    const answers = [{ status: 503 }, { status: 429 }];
    const { url, taken } = await collector(() => answers.shift() ?? { status: 200 });
    const exporter = await started({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
    exporter.add([SPAN]);
    await exporter.flush();
    expect(exporter.stats()).toMatchObject({ exported: 1, dropped: { refused: 0 } });
    expect(taken.map(({ body }) => body.equals(taken[0]?.body ?? body))).toEqual([true, true, true]);
  });

  test('and the same it is, whatever came meanwhile', async () => {
    const first = Promise.withResolvers<void>();
    const busy = Promise.withResolvers<void>();
    let asked = 0;
    const { url, taken } = await collector(async () => {
      if (asked++ > 0) return { status: 200 };
      first.resolve();
      await busy.promise;
      return { status: 503 };
    });
    const exporter = await started({
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1',
    });
    const names = ['aaaa', 'bbbb', 'cccc', 'dddd'];
    const add = (name: string) => exporter.addEncoded(encodeSpans([{ ...SPAN, name }]), 1);
    add('aaaa');
    await first.promise;
    for (const name of names.slice(1)) add(name);
    busy.resolve();
    await exporter.flush();
    const came = taken.map(({ body }) => names.filter((name) => body.includes(name)).join());
    expect(came).toEqual(['aaaa', ...names]);
  });

  test('what was answered before it had left in whole is not written over', async () => {
    const peer = Promise.withResolvers<Socket>();
    const server = createServer((socket) => peer.resolve(socket.on('error', () => undefined).pause()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise((resolve) => server.close(resolve)));
    const answer = async () => (await peer.promise).write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    let last: ClientRequest | undefined;
    const onStart = (message: unknown) => {
      last = (message as { request: ClientRequest }).request;
      void answer();
    };
    subscribe('http.client.request.start', onStart);
    closers.push(async () => void unsubscribe('http.client.request.start', onStart));
    const exporter = await started({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1',
    });
    const body = (letter: string) => letter.repeat(900_000);
    const add = (letter: string) => exporter.add([{ ...SPAN, attributes: { body: body(letter) } }]);
    let sent = '';
    // Nobody reads: a few fill the kernel, and one is on its way.
    for (const letter of 'ABCDEFGHIJKLM') {
      sent += letter;
      add(letter);
      await exporter.flush();
      if (!last?.writableFinished) break;
    }
    expect(last?.writableFinished).toBe(false);
    unsubscribe('http.client.request.start', onStart);
    add('N');
    let came = '';
    const socket = await peer.promise;
    socket.on('data', (chunk) => (came += chunk.toString('latin1'))).resume();
    await until(() => came.includes(body('N')), 'all has come', 10_000);
    for (const letter of sent) expect(came.includes(body(letter)), letter).toBe(true);
    await answer();
    await exporter.flush();
  });

  test('a collector that takes everything and answers nothing holds up nobody', async () => {
    const hole = createServer((socket) => socket.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => hole.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise((resolve) => hole.close(resolve)));
    const { port } = hole.address() as { port: number };
    const exporter = await started({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_BSP_MAX_QUEUE_SIZE: '4',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2',
    });
    for (let n = 0; n < 100; n++) exporter.add([SPAN]);
    // Two are under way, four wait.
    expect(exporter.stats()).toMatchObject({ exported: 0, queued: 4, dropped: { full: 94 } });
    const before = systemClock.monotonicMs();
    await exporter.stop();
    expect(systemClock.monotonicMs() - before).toBeLessThan(2_000);
    expect(exporter.stats()).toMatchObject({ queued: 0, dropped: { full: 94, stopped: 6 } });
  });

  test('off does nothing; the console prints a line a span; after the stop spans are counted as dropped', async () => {
    const off = createSpanExport(settingsOf({}), { clock: systemClock, log: silentLog });
    await off.start();
    off.add([SPAN]);
    expect(off.stats().exported).toBe(0);
    const lines: string[] = [];
    const settings = settingsOf({ OTEL_TRACES_EXPORTER: 'console' });
    const print = (line: string) => void lines.push(line);
    const exporter = createSpanExport(settings, { clock: systemClock, log: silentLog, print });
    await exporter.start();
    exporter.add([SPAN]);
    await exporter.stop();
    expect(lines.map((line) => JSON.parse(line).name)).toEqual(['process images']);
    exporter.add([SPAN]);
    expect(exporter.stats().dropped.stopped).toBe(1);
  });

  test('over TLS: the collector is believed by its authority alone, and we show who we are', async () => {
    const certificates = await makeCertificates(['IP:127.0.0.1']);
    closers.push(certificates.remove);
    const read = (file: string) => readFileSync(file);
    const { url, taken, close } = await fakeCollector(undefined, {
      cert: read(certificates.server.cert),
      key: read(certificates.server.key),
      ca: read(certificates.ca),
      requestCert: true,
    });
    closers.push(close);
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_CERTIFICATE: certificates.ca };
    const known = {
      ...env,
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: certificates.client.cert,
      OTEL_EXPORTER_OTLP_CLIENT_KEY: certificates.client.key,
    };
    const { OTEL_EXPORTER_OTLP_CERTIFICATE: _, ...stranger } = known;
    for (const [each, exported] of [
      [known, 1],
      [env, 0],
      [stranger, 0],
    ] as const) {
      const exporter = await started(each);
      exporter.add([SPAN]);
      await exporter.flush();
      expect(exporter.stats()).toMatchObject({ exported, dropped: { refused: 1 - exported } });
    }
    expect(taken).toHaveLength(1);
  });

  test('keeps the lifecycle contract', async () => {
    const { url } = await collector();
    const clock = new ManualClock();
    const settings = settingsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
    await lifecycleStress(
      () => createSpanExport(settings, { clock, log: silentLog }),
      (exporter) => {
        exporter.add([SPAN]);
        return exporter.stats().queued > 0;
      },
    );
  });

  test('a certificate that cannot be read is refused by name', async () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_CERTIFICATE: '/none',
    };
    const exporter = createSpanExport(settingsOf(env), { clock: systemClock, log: silentLog });
    await expect(exporter.start()).rejects.toThrow(/none/);
  });
});
