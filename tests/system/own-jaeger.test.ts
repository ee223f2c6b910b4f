import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { hasJaeger } from '../support/jaeger.ts';
import { configFile, launch, scratch } from '../support/launch.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(args: readonly string[], env: Record<string, string> = {}) {
  const { dir, remove } = await scratch();
  ends.push(remove);
  const config = await configFile(dir);
  const words = ['--json', '--dir', `${dir}/data`, '--config', config, ...args];
  const launched = launch(words, { OTEL_SDK_DISABLED: '', ...env });
  ends.push(async () => {
    launched.process.kill('SIGTERM');
    await launched.exit();
  });
  const ready = (await launched.ready()) as unknown as { url: string; jaeger: string | null };
  return { ...ready, launched };
}

describe.skipIf(!hasJaeger())('with a jaeger on the PATH', () => {
  it('npm start runs one, ends it, and its API answers with what was done', async () => {
    const { url, jaeger, launched } = await start([], { OTEL_TRACES_SAMPLER: 'always_on' });
    expect(jaeger).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const answer = await fetch(`${url}/v1/queues/call/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: 'wait=10' },
      body: JSON.stringify({ name: 'call', data: { n: 4 } }),
    });
    expect(answer.status).toBe(200);
    const { id } = (await answer.json()) as { id: string };
    const job = (await (await fetch(`${url}/v1/queues/call/jobs/${id}`)).json()) as {
      links: { trace: string };
    };
    expect(job.links.trace).toMatch(new RegExp(`^${jaeger}/trace/[0-9a-f]{32}$`));
    launched.process.kill('SIGTERM');
    expect(await launched.exit()).toBe(0);
    await expect(fetch(`${jaeger}/api/v3/services`)).rejects.toThrow();
  }, 60_000);

  it('none where --no-jaeger says so, or a variable names a place for traces', async () => {
    expect((await start(['--no-jaeger'])).jaeger).toBeNull();
    const collector = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    ends.unshift(async () => collector.close());
    const { port } = collector.address() as AddressInfo;
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
    expect((await start([], env)).jaeger).toBeNull();
  }, 60_000);
});

it('a jaeger that does not start is told of, and stops nothing', async () => {
  const { dir, remove } = await scratch();
  ends.push(remove);
  await writeFile(`${dir}/jaeger`, '#!/bin/sh\necho "no such thing" >&2\nexit 3\n', { mode: 0o755 });
  const { jaeger, launched } = await start([], { PATH: `${dir}:${process.env.PATH}` });
  expect(jaeger).toBeNull();
  expect(launched.stderr()).toContain(
    'There are no traces this time: jaeger did not start (exit code 3): no such thing',
  );
}, 60_000);
