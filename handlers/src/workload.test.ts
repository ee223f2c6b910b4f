import { describe, expect, it } from 'vitest';
import { runHandler } from './testing/run-handler.ts';
import workload from './workload.ts';

const quick = { seed: 42, sleep_min: 0, sleep_max: 0 };

describe('the workload handler', () => {
  it('returns the checksum of its job, wherever the compute runs', async () => {
    const inline = await runHandler(workload, { ...quick, id: 0 });
    const pooled = await runHandler(workload, { ...quick, id: 0, compute_on: 'pool' });
    expect(inline).toEqual({ kind: 'ok', value: { checksum: 1606163960 } });
    expect(pooled).toEqual(inline);
  });

  it('sends a job above 20,000 steps to the pool, and no other', async () => {
    const pooled: unknown[] = [];
    const compute = async (fn: (...args: never[]) => unknown, args: unknown[]) => {
      pooled.push(args[1]);
      return fn(...(args as never[])) as never;
    };
    expect(await runHandler(workload, { ...quick, id: 10 }, { compute })).toEqual({
      kind: 'ok',
      value: { checksum: 304143526 },
    });
    expect(await runHandler(workload, { ...quick, id: 41 }, { compute })).toEqual({
      kind: 'ok',
      value: { checksum: 2801455386 },
    });
    expect(pooled).toEqual([36840]);
  });

  it('sleeps until its signal aborts', async () => {
    const worker = new AbortController();
    const outcome = runHandler(
      workload,
      { seed: 42, id: 0, sleep_min: 1_000_000, sleep_max: 1_000_000 },
      { signal: worker.signal },
    );
    worker.abort(new Error('the worker drains'));
    expect(await outcome).toEqual({ kind: 'fail', error: new Error('the worker drains'), retry: true });
  });

  it('fails a drawn job once, after its compute, and retries it at once', async () => {
    const data = { ...quick, id: 3, fail_per_mille: 1000 };
    expect(await runHandler(workload, data)).toMatchObject({ kind: 'fail', retry: true });
    expect(await runHandler(workload, data, { attempt: 2 })).toEqual({
      kind: 'ok',
      value: { checksum: 77464450 },
    });
    expect(workload.retry).toMatchObject({ backoff: 'fixed', baseMs: 0, jitter: 0 });
  });

  it('blocks its thread for block_ms', async () => {
    const started = performance.now();
    await runHandler(workload, { ...quick, id: 0, block_per_mille: 1000, block_ms: 30 });
    expect(performance.now() - started).toBeGreaterThanOrEqual(30);
  });

  it('takes the filler and the garbage, and names each fault', async () => {
    const full = { ...quick, id: 0, payload_bytes: 3, payload: 'xxx', alloc_bytes: 100_000 };
    expect(await runHandler(workload, full)).toMatchObject({ kind: 'ok' });
    expect(await runHandler(workload, { id: -1, work_min: 'x', nope: 1 })).toEqual({
      kind: 'invalid',
      paths: ['seed', 'id', 'work_min', 'nope'],
    });
    expect(await runHandler(workload, 'text')).toEqual({ kind: 'invalid', paths: [''] });
  });
});
