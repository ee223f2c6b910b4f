import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import http from './http.ts';
import { runHandler } from './testing/run-handler.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A real server on a free port of this machine. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers with what was asked. */
const echo: RequestListener = async (request, response) => {
  const { method, url, headers } = request;
  response.setHeader('x-seen', 'yes');
  response.end(JSON.stringify({ method, url, type: headers['content-type'], body: await text(request) }));
};

async function echoed(data: object): Promise<unknown> {
  const outcome = await runHandler(http, { url: `${await serve(echo)}/hook?a=1`, ...data });
  return outcome.kind === 'ok' ? JSON.parse((outcome.value as { body: string }).body) : outcome;
}

describe('the http handler', () => {
  it('gets, and tells status, headers and body', async () => {
    const outcome = await runHandler(http, { url: `${await serve(echo)}/hook` });
    expect(outcome).toMatchObject({
      kind: 'ok',
      value: { status: 200, headers: { 'x-seen': 'yes' }, body: expect.stringContaining('"/hook"') },
    });
    expect(Object.keys((outcome as { value: object }).value).sort()).toEqual(['body', 'headers', 'status']);
  });

  it('posts JSON when there is a body, and text as it is', async () => {
    expect(await echoed({ body: { n: [1, 'ü'] } })).toEqual({
      method: 'POST',
      url: '/hook?a=1',
      type: 'application/json',
      body: '{"n":[1,"ü"]}',
    });
    expect(await echoed({ method: 'PUT', body: 'a=1', headers: { 'Content-Type': 'text/x' } })).toEqual({
      method: 'PUT',
      url: '/hook?a=1',
      type: 'text/x',
      body: 'a=1',
    });
  });

  it.each([400, 404, 410])('takes %i for an answer', async (status) => {
    const url = await serve((_, response) => response.writeHead(status).end('no'));
    expect(await runHandler(http, { url })).toMatchObject({ kind: 'ok', value: { status, body: 'no' } });
  });

  it.each([408, 425, 429, 500, 503])('fails at %i, to be tried again', async (status) => {
    const url = await serve((_, response) => response.writeHead(status).end('later'));
    expect(await runHandler(http, { url: `${url}/x?token=secret` })).toEqual({
      kind: 'fail',
      error: new Error(`GET ${url}/x answered ${status}`),
      retry: true,
    });
  });

  it('says why there was no answer', async () => {
    const url = await serve((request) => request.socket.destroy());
    const outcome = await runHandler(http, { url });
    expect(outcome).toMatchObject({ kind: 'fail', retry: true });
    expect((outcome as { error: Error }).error.message).toMatch(/^GET http.* failed: (?!fetch failed).+/);
  });

  it('gives up after timeoutMs, also in the middle of a body', async () => {
    const url = await serve((_, response) => void response.writeHead(200).write('so far'));
    expect(await runHandler(http, { url, timeoutMs: 80 })).toEqual({
      kind: 'fail',
      error: new Error(`GET ${url}/ did not answer within 80 ms`),
      retry: true,
    });
  });

  it('hangs up when its signal aborts', async () => {
    const asked = Promise.withResolvers<IncomingMessage>();
    const url = await serve((request) => asked.resolve(request));
    const worker = new AbortController();
    const outcome = runHandler(http, { url }, { signal: worker.signal });
    const gone = once((await asked.promise).socket, 'close');
    worker.abort(new Error('taken away'));
    expect(await outcome).toEqual({ kind: 'fail', error: new Error('taken away'), retry: true });
    await gone;
  });

  it('takes an answer of 128 KiB, and hangs up on an endless one', async () => {
    const largest = await serve((_, response) => response.end(Buffer.alloc(128 * 1024, 'a')));
    expect(await runHandler(http, { url: largest })).toMatchObject({ kind: 'ok' });

    const hungUp = Promise.withResolvers<void>();
    const endless = await serve((_, response) => {
      const more = () => void (response.writable && response.write(Buffer.alloc(64 * 1024, 'a'), more));
      response.on('close', hungUp.resolve);
      more();
    });
    expect(await runHandler(http, { url: endless })).toEqual({
      kind: 'fail',
      error: new Error(`GET ${endless}/ answered more than 131072 bytes`),
      retry: false,
    });
    await hungUp.promise;
  });

  it('counts what comes out of compression, not what goes in', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const url = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    );
    expect(await runHandler(http, { url })).toMatchObject({ kind: 'fail', retry: false });
  });

  it.each<[string, object, string]>([
    ['no URL', { url: 'nonsense' }, 'url'],
    ['another protocol', { url: 'file:///etc/passwd' }, 'url'],
    ['a password in the URL', { url: 'http://me:secret@example.com' }, 'url'],
    ['an unknown method', { method: 'TRACE' }, 'method'],
    ['a body with GET', { method: 'GET', body: 'x' }, 'body'],
    ['a bad header name', { headers: { 'a b': 'c' } }, 'headers/a b'],
    ['a header of two lines', { headers: { a: 'b\r\nc: d' } }, 'headers/a'],
    ['a header of the client', { headers: { 'Content-Length': '3' } }, 'headers/Content-Length'],
    ['an absurd timeout', { timeoutMs: 0 }, 'timeoutMs'],
    ['an unknown key', { uri: 'x' }, ''],
  ])('refuses %s', async (_, change, path) => {
    const outcome = await runHandler(http, { url: 'http://127.0.0.1:1', ...change });
    expect(outcome).toEqual({ kind: 'invalid', paths: [path] });
  });
});
