import { expect, test } from 'vitest';
import { isMillraceError, type MillraceError } from '../errors.ts';
import { compileConfig } from './load.ts';
import type { Machine } from './worker-sizes.ts';

const MIB = 1024 * 1024;
const machine = (cores: number, mib: number | null): Machine => ({
  cores,
  memoryBytes: mib === null ? null : mib * MIB,
});
const sizes = (worker: string, of: Machine, env = {}) => compileConfig(env, `worker: {${worker}}`, of).worker;

function faults(worker: string, of: Machine): string[] {
  try {
    sizes(worker, of);
  } catch (error) {
    expect(isMillraceError(error, 'config_invalid')).toBe(true);
    return ((error as MillraceError).details.faults ?? []).map((one) => `${one.pointer}: ${one.message}`);
  }
  return [];
}

test('a process for each core, each with its share of the memory less a fifth', () => {
  expect(sizes('', machine(3, 2_048))).toMatchObject({ processes: 3, cpuThreads: 1, maxOldSpace: 409 });
  expect(sizes('standby: 0', machine(1, 1_000))).toMatchObject({ processes: 1, maxOldSpace: 800 });
  expect(sizes('processes: 2', machine(8, 1_536))).toMatchObject({ cpuThreads: 4, maxOldSpace: 409 });
});

test('without a limit, or where Node is told elsewhere, V8 has its own way', () => {
  expect(sizes('', machine(2, null))).toMatchObject({ processes: 2, maxOldSpace: null });
  expect(sizes('nodeOptions: --max-old-space-size=300', machine(1, 1_024)).maxOldSpace).toBeNull();
  const env = { NODE_OPTIONS: '--enable-source-maps --max_old_space_size=64' };
  expect(sizes('', machine(1, 1_024), env).maxOldSpace).toBeNull();
  expect(sizes('maxOldSpace: 100', machine(1, 1_024), env).maxOldSpace).toBe(100);
});

test('where memory is short there are fewer processes than cores', () => {
  expect(sizes('', machine(64, 512))).toMatchObject({ processes: 4, cpuThreads: 16 });
  expect(sizes('', machine(4, 192))).toMatchObject({ processes: 1, maxOldSpace: 76 });
});

test('what does not fit is refused by name', () => {
  expect(faults('processes: 8', machine(8, 512))).toEqual([
    '/worker/processes: 8 processes and 1 standbys do not fit into the memory limit of 512 MiB: each needs 96',
  ]);
  expect(faults('', machine(1, 128))).toEqual([expect.stringContaining('/worker/processes: 1 processes')]);
  expect(faults('processes: 2, maxOldSpace: 400', machine(2, 1_024))).toEqual([
    '/worker/maxOldSpace: 2 processes and 1 standbys of 400 MiB do not fit into the memory limit of 1024 MiB',
  ]);
  expect(faults('processes: 2, maxOldSpace: 400', machine(2, null))).toEqual([]);
});

test('Node’s options are checked before any process fails over them', () => {
  expect(faults('nodeOptions: "--max-old-spice-size=9 --enable-source-maps"', machine(1, null))).toEqual([
    '/worker/nodeOptions: --max-old-spice-size=9 is no option that NODE_OPTIONS may hold',
  ]);
  expect(faults('maxOldSpace: 90, nodeOptions: --max-old-space-size=9', machine(1, null))).toEqual([
    expect.stringContaining('leave one out'),
  ]);
  expect(sizes('nodeOptions: "--require /x.cjs  --stack-trace-limit=50"', machine(1, null)).processes).toBe(
    1,
  );
});
