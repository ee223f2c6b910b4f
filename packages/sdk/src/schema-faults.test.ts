import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { check, pointerOf } from './schema-faults.ts';

function schemaOf(validate: (value: unknown) => unknown): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'test', validate: validate as never } };
}

describe('pointerOf', () => {
  it('writes RFC 6901, from keys and from path segments', () => {
    expect(pointerOf(undefined)).toBe('');
    expect(pointerOf([])).toBe('');
    expect(pointerOf(['a', 0, { key: 'b' }])).toBe('/a/0/b');
    expect(pointerOf(['a/b', 'm~n', ''])).toBe('/a~1b/m~0n/');
  });
});

describe('check', () => {
  it('tells what the schema made of the value', async () => {
    const schema = z.object({ n: z.coerce.number(), tag: z.string().default('none') });
    expect(await check(schema, { n: '3' })).toEqual({ ok: true, value: { n: 3, tag: 'none' } });
  });

  it('points at every fault', async () => {
    const schema = z.object({ size: z.object({ w: z.int() }), tags: z.array(z.string()) });
    const checked = await check(schema, { size: { w: 'x' }, tags: ['a', 1] });
    expect(!checked.ok && checked.faults.map(({ pointer }) => pointer)).toEqual(['/size/w', '/tags/1']);
  });

  it('waits for a schema that takes its time', async () => {
    const slow = schemaOf(async () => ({ issues: [{ message: 'taken', path: ['name'] }] }));
    expect(await check(slow, {})).toEqual({ ok: false, faults: [{ pointer: '/name', message: 'taken' }] });
  });

  it('lets nothing pass that the schema fails over', async () => {
    const broken = schemaOf((value) => (value as { a: { b: unknown } }).a.b);
    const checked = await check(broken, {});
    expect(checked).toMatchObject({ ok: false, faults: [{ pointer: '' }] });
  });
});
