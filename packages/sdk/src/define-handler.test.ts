import { isMillraceError } from '@millrace/core';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { defineHandler, isHandler } from './define-handler.ts';
import type { DefinedHandler, HandlerContext, HandlerDefinition } from './handler.ts';

const least = { queue: 'images', name: 'resize', run: () => null };

/** Pointers of all faults of a definition; the compiler would refuse most of them, a JavaScript file does not. */
function faultsOf(change: object): (string | undefined)[] {
  try {
    defineHandler({ ...least, ...change } as HandlerDefinition);
    return [];
  } catch (error) {
    expect(isMillraceError(error, 'handlers_invalid')).toBe(true);
    return isMillraceError(error) ? (error.details.faults ?? []).map(({ pointer }) => pointer) : [];
  }
}

describe('defineHandler', () => {
  it('fills in what is left out', () => {
    expect(defineHandler(least)).toMatchObject({
      queue: 'images',
      name: 'resize',
      lane: 'io',
      concurrency: null,
      timeoutMs: null,
      retry: null,
      isolation: 'none',
      compute: null,
    });
    expect(defineHandler({ ...least, retry: { attempts: 2 } }).retry).toEqual({
      attempts: 2,
      backoff: 'exponential',
      baseMs: 1_000,
      jitter: 0,
    });
  });

  it('turns durations into ms', () => {
    const handler = defineHandler({ ...least, timeout: '1.5m', retry: { attempts: 5, base: '250ms' } });
    expect(handler).toMatchObject({ timeoutMs: 90_000, retry: { baseMs: 250 } });
    expect(defineHandler({ ...least, timeout: 30 }).timeoutMs).toBe(30);
  });

  it('names everything that is wrong, at once', () => {
    const wrong = {
      queue: 'a:b',
      name: '',
      lane: 'gpu',
      input: {},
      concurrency: 0,
      timeout: '30 parsecs',
      retry: { attempts: 0, jitter: 2, bse: '1s' },
      isolation: 'vm',
      compute: { f: 3 },
      run: 'it',
      timeuot: '1s',
    };
    expect(faultsOf(wrong).sort()).toEqual([
      '/compute/f',
      '/concurrency',
      '/input',
      '/isolation',
      '/lane',
      '/name',
      '/queue',
      '/retry/attempts',
      '/retry/bse',
      '/retry/jitter',
      '/run',
      '/timeout',
      '/timeuot',
    ]);
    expect(() => defineHandler({ ...least, timeuot: '1s' } as HandlerDefinition)).toThrow(
      'did you mean "timeout"?',
    );
    expect(() => defineHandler(undefined as never)).toThrow('not valid');
  });

  it.each([[{ timeout: 0 }], [{ timeout: '8d' }], [{ retry: { attempts: 1, base: '25h' } }]])(
    'refuses %j',
    (change) => expect(faultsOf(change)).toHaveLength(1),
  );

  it('is known again, and nothing else is', () => {
    expect(isHandler(defineHandler(least))).toBe(true);
    for (const value of [least, null, undefined, 'handler', defineHandler])
      expect(isHandler(value)).toBe(false);
  });

  it('cannot be changed afterwards', () => {
    const handler = defineHandler(least);
    expect(() => Object.assign(handler, { queue: 'other' })).toThrow(TypeError);
  });

  it('rejects where run throws, also before its first await', async () => {
    const handler = defineHandler({
      ...least,
      run() {
        throw new Error('at once');
      },
    });
    await expect(handler.run({} as HandlerContext)).rejects.toThrow('at once');
  });

  it('gives run the type of its schema and of its compute table', () => {
    const half = (n: number) => n / 2;
    const handler = defineHandler({
      ...least,
      input: z.object({ n: z.string().transform(Number) }),
      compute: { half },
      async run({ data, compute }) {
        expectTypeOf(data).toEqualTypeOf<{ n: number }>();
        expectTypeOf(await compute(half, [data.n])).toEqualTypeOf<number>();
        // @ts-expect-error: not in the table
        await compute(String, ['1']).catch(() => undefined);
        // @ts-expect-error: not its parameters
        await compute(half, ['1']).catch(() => undefined);
      },
    });
    expectTypeOf(handler).toEqualTypeOf<DefinedHandler>();
  });
});
