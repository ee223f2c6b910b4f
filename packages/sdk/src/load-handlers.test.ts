import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMillraceError, ManualClock } from '@millrace/core';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { isHandlerFile, loadHandlers } from './load-handlers.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** A directory of handlers; tests/system/handler-files.test.ts loads some without the test runner's resolver. */
async function directoryOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-handlers-'));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

function source(definition: string): string {
  return `import { defineHandler } from '@millrace/sdk';\nexport default defineHandler({ ${definition} });\n`;
}

async function faultsOf(dir: string | null): Promise<Record<string, string>> {
  try {
    await loadHandlers(dir);
    return {};
  } catch (error) {
    if (!isMillraceError(error, 'handlers_invalid')) throw error;
    return Object.fromEntries((error.details.faults ?? []).map(({ pointer, message }) => [pointer, message]));
  }
}

describe('the shipped handlers', () => {
  it('load, and each has a queue and a name of its own word', async () => {
    const registry = await loadHandlers(null);
    expect(registry.queues).toEqual(['call', 'http', 'workload']);
    for (const word of registry.queues) expect(registry.names(word)).toEqual([word]);
    expect(registry.get('workload', 'workload')?.file).toMatch(/\/handlers\/src\/workload\.ts$/);
    expect(registry.get('workload', 'other')).toBeUndefined();
    expect(registry.names('other')).toEqual([]);
  });

  it('check data, to a pointer', async () => {
    const registry = await loadHandlers(null);
    expect(await registry.validate('call', 'call', { n: 3 })).toEqual({ ok: true, value: { n: 3 } });
    expect(await registry.validate('call', 'call', { n: 'x' })).toMatchObject({
      ok: false,
      faults: [{ pointer: '/n' }],
    });
    await expect(registry.validate('call', 'other', {})).rejects.toThrow(
      'no handler "other" of queue "call"',
    );
  });
});

it('the shipped handlers judge any JSON value, and never fail over one', async () => {
  const registry = await loadHandlers(null);
  const almost = fc.record(
    {
      seed: fc.jsonValue(),
      id: fc.jsonValue(),
      url: fc.jsonValue(),
      headers: fc.jsonValue(),
      n: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.jsonValue(), almost), async (data) => {
      for (const name of registry.queues) {
        const checked = await registry.validate(name, name, data);
        const faults = checked.ok ? [] : checked.faults;
        expect(faults.filter(({ message }) => message.includes('schema itself'))).toEqual([]);
        expect(checked.ok || faults.length > 0).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

describe('loadHandlers', () => {
  it('loads .ts, .js and .mjs files, and nothing else', async () => {
    const dir = await directoryOf({
      'resize.ts': source(`queue: 'images', name: 'resize', concurrency: 4, run: (): null => null`),
      'crop.js': source(`queue: 'images', name: 'crop', run: () => null`),
      'ping.mjs': source(`queue: 'pings', name: 'ping', run: () => 'pong'`),
      'lib/shared.ts': 'throw new Error("not a handler")',
      '_draft.ts': 'throw new Error("not a handler")',
      'resize.test.ts': 'throw new Error("not a handler")',
      'types.d.ts': 'export {};',
      'README.md': '# Handlers',
      'package.json': '{"type": "module"}',
    });
    const registry = await loadHandlers(dir);
    expect(registry.queues).toEqual(['images', 'pings']);
    expect(registry.names('images')).toEqual(['crop', 'resize']);
    expect(registry.concurrency('images')).toBe(4);
    expect(registry.concurrency('pings')).toBeNull();
    expect(await registry.validate('pings', 'ping', 'anything')).toEqual({ ok: true, value: 'anything' });
  });

  it('may be called twice', async () => {
    const dir = await directoryOf({ 'ping.mjs': source(`queue: 'pings', name: 'ping', run: () => 'pong'`) });
    const [first, second] = await Promise.all([loadHandlers(dir), loadHandlers(dir)]);
    expect(first.get('pings', 'ping')).toEqual(second.get('pings', 'ping'));
    expect((await loadHandlers(dir)).queues).toEqual(['pings']);
  });

  it('names every problem of every file, at once', async () => {
    const dir = await directoryOf({
      'a-syntax.mjs': 'export default {{',
      'b-throws.mjs': 'throw new Error("no database here")',
      'c-nothing.mjs': 'export const handler = 1',
      'd-plain.mjs': `export default { queue: 'q', name: 'n', run() {} }`,
      'e-wrong.mjs': source(`queue: 'q', name: 'n', lane: 'gpu', timeout: '1 week', run() {}`),
      'f-missing.mjs': `import './not-here.mjs'`,
      'g-good.mjs': source(`queue: 'q', name: 'n', concurrency: 1, run() {}`),
      'h-twin.mjs': source(`queue: 'q', name: 'n', run() {}`),
    });
    const faults = await faultsOf(dir);
    expect(Object.keys(faults)).toEqual([
      '/a-syntax.mjs',
      '/b-throws.mjs',
      '/c-nothing.mjs',
      '/d-plain.mjs',
      '/e-wrong.mjs',
      '/f-missing.mjs',
      '/h-twin.mjs',
    ]);
    expect(faults['/b-throws.mjs']).toContain('no database here');
    expect(faults['/c-nothing.mjs']).toContain('defineHandler');
    expect(faults['/e-wrong.mjs']).toMatch(/\/lane: .*\/timeout: /);
    expect(faults['/f-missing.mjs']).toContain('not-here.mjs');
    expect(faults['/h-twin.mjs']).toContain('g-good.mjs');
  });

  it('says so when there is no directory, or nothing in it', async () => {
    expect(await faultsOf('/nonexistent/handlers')).toEqual({ '/': expect.stringContaining('ENOENT') });
    expect(await faultsOf(await directoryOf({ 'README.md': '' }))).toEqual({
      '/': expect.stringContaining('there is no .ts, .js or .mjs file'),
    });
  });

  it('does not wait for ever for a file that does', async () => {
    const dir = await directoryOf({ 'stuck.mjs': 'await new Promise(() => {})' });
    const clock = new ManualClock();
    const armed = Promise.withResolvers<void>();
    const after: ManualClock['after'] = (ms, fn) => {
      armed.resolve();
      return clock.after(ms, fn);
    };
    const loading = loadHandlers(dir, { ...clock, after } as unknown as ManualClock);
    loading.catch(() => undefined);
    await armed.promise;
    clock.advance(30_000);
    await expect(loading).rejects.toThrow(
      '/stuck.mjs: it cannot be imported: it was still loading after 30 s',
    );
  });
});

describe('isHandlerFile', () => {
  it.each(['resize.ts', 'a.b.js', 'x.mjs'])('takes %s', (name) => expect(isHandlerFile(name)).toBe(true));
  it.each(['_a.ts', '.a.js', 'a.d.ts', 'a.test.ts', 'a.spec.mjs', 'a.json', 'a.ts.bak', 'ts', '.ts'])(
    'leaves %s alone',
    (name) => expect(isHandlerFile(name)).toBe(false),
  );
});
