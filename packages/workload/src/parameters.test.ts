import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobDataMaker, parseJobData } from './job-data.ts';
import { defaultParameters, PARAMETER_NAMES, parseParameters } from './parameters.ts';

function faultsOf(raw: unknown): (string | null)[] {
  const parsed = parseParameters(raw);
  return parsed.ok ? [] : parsed.faults.map(({ name }) => name);
}

describe('parseParameters', () => {
  it('fills in the defaults of the specification', () => {
    const parsed = parseParameters({}, 8);
    expect(parsed).toEqual({ ok: true, value: defaultParameters(8) });
    expect(defaultParameters(8)).toEqual({
      seed: 42,
      jobs: 20_000,
      producers: 4,
      workers: 64,
      threads: 8,
      queue_bound: 256,
      policy: 'block',
      work_min: 200,
      work_max: 2_000,
      sleep_min: 1,
      sleep_max: 20,
      tail_per_mille: 10,
      tail_factor: 20,
      payload_bytes: 128,
      fail_per_mille: 0,
      alloc_bytes: 0,
      block_per_mille: 0,
      block_ms: 0,
      compute_on: 'auto',
      work_mul: 1,
      work_div: 1,
      sleep_mul: 1,
      rate: 0,
      crash_min_ms: 0,
      crash_max_ms: 0,
      crash_slots: 4,
    });
  });

  it('names everything that is wrong, at once', () => {
    const parsed = parseParameters({ seed: -1, jobs: 0, rate: -0.5, policy: 'drop', sede: 1, work_div: 0 });
    expect(parsed).toEqual({
      ok: false,
      faults: [
        { name: 'seed', message: 'seed must be an integer from 0 to 4294967295' },
        { name: 'jobs', message: 'jobs must be an integer from 1 to 4294967295' },
        { name: 'rate', message: 'rate must be a number of jobs per second, 0 or more' },
        { name: 'policy', message: 'policy must be "block" or "reject"' },
        { name: 'sede', message: 'there is no parameter "sede"' },
        { name: 'work_div', message: 'work_div must be an integer from 1 to 4294967295' },
      ],
    });
  });

  it('takes a range of 65,536 values and refuses a wider one', () => {
    expect(faultsOf({ work_min: 0, work_max: 65_535, sleep_min: 1, sleep_max: 65_536 })).toEqual([]);
    expect(faultsOf({ work_min: 0, work_max: 65_536 })).toEqual(['work_max']);
    expect(faultsOf({ sleep_min: 1, sleep_max: 65_537 })).toEqual(['sleep_max']);
    expect(faultsOf({ crash_min_ms: 0, crash_max_ms: 65_536 })).toEqual(['crash_max_ms']);
  });

  it('refuses a range that is upside down; a crash interval only when there are crashes', () => {
    expect(faultsOf({ work_min: 2_001, sleep_min: 21 })).toEqual(['work_max', 'sleep_max']);
    expect(faultsOf({ crash_min_ms: 300, crash_max_ms: 200 })).toEqual(['crash_max_ms']);
    expect(faultsOf({ crash_min_ms: 300 })).toEqual([]);
  });

  it('refuses work beyond 32 bits and sleep beyond a timer', () => {
    expect(faultsOf({ work_mul: 2_147_484 })).toEqual(['work_max']);
    expect(faultsOf({ work_mul: 1_000_000, tail_factor: 3 })).toEqual(['work_max']);
    expect(faultsOf({ sleep_mul: 107_374_183 })).toEqual(['sleep_max']);
  });

  it.each([null, 7, 'seed', [], undefined])('refuses %j as a whole', (raw) => {
    expect(faultsOf(raw)).toEqual([null]);
  });

  it('knows every parameter by name, and no inherited one', () => {
    expect(PARAMETER_NAMES).toHaveLength(26);
    expect(faultsOf(JSON.parse('{"__proto__": 1, "toString": 2}'))).toEqual(['__proto__', 'toString']);
  });
});

describe('the data of a job', () => {
  it('carries seed, id, what is not default, and the filler', () => {
    const parameters = { ...defaultParameters(16), fail_per_mille: 20, payload_bytes: 4 };
    const data = jobDataMaker(parameters)(7);
    expect(data).toEqual({ seed: 42, id: 7, fail_per_mille: 20, payload_bytes: 4, payload: 'xxxx' });
    expect(jobDataMaker({ ...parameters, payload_bytes: 0 })(7)).not.toHaveProperty('payload');
  });

  it('comes back as the run had it, whatever the machine', () => {
    const change = fc.record({
      seed: fc.nat(),
      tail_factor: fc.integer({ min: 1, max: 50 }),
      work_min: fc.nat(1_000),
      rate: fc.integer({ min: 0, max: 9_999 }),
    });
    fc.assert(
      fc.property(change, fc.nat(), (changed, id) => {
        const data = JSON.parse(JSON.stringify(jobDataMaker({ ...defaultParameters(16), ...changed })(id)));
        const value = { id, parameters: { ...defaultParameters(1), ...changed } };
        expect(parseJobData(data)).toEqual({ ok: true, value });
      }),
    );
  });

  it('needs no more than seed and id', () => {
    expect(parseJobData({ seed: 42, id: 0 }).ok).toBe(true);
  });

  it('names everything that is wrong, at once', () => {
    const parsed = parseJobData({ id: -1, payload: 3, work_min: 'many', extra: true });
    expect(!parsed.ok && parsed.faults.map(({ name }) => name)).toEqual([
      'seed',
      'id',
      'payload',
      'work_min',
      'extra',
    ]);
  });
});
