import { existsSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { startPlatform, type TestPlatform } from '../support/platform.ts';
import { until } from '../support/queue.ts';
import { processState } from '../support/worker-pod.ts';

vi.setConfig({ testTimeout: 120_000 });

const yaml = (linkPort: number) => `
worker: {processes: 1, standby: 0, healthPort: 0, cpuThreads: 1, concurrency: 4}
supervision: {linkPort: ${linkPort}, healthPort: 0, beatMs: 100, suspectMs: 400, hangLimitMs: 1000, busyLimitMs: 6000}
pools: {default: {pods: 1}}
drain: {timeoutMs: 2000, noticeMs: 500}
`;

let platform: TestPlatform;
afterEach(() => platform.close());

test.runIf(existsSync('/proc/self/stat'))(
  'a worker that its own work blocks is busy, not dead, until the busy limit; then its jobs are to blame',
  async () => {
    platform = await startPlatform(yaml);
    const [victim] = await platform.running(1);
    if (!victim) throw new Error('nobody runs');
    const from = performance.now();
    await platform.add('bad', 'misbehave', { how: 'block' });
    await until(async () => (await platform.workers('suspect'))[0]?.id === victim.id, 'it is suspected');
    const { certificate } = await platform.recovered(victim.id);
    expect(performance.now() - from).toBeGreaterThan(6_000);
    expect(certificate).toMatchObject({ cause: 'hung', blame: 'jobs' });
    expect(certificate.certifiedAtMs - certificate.diedAtMs).toBeGreaterThanOrEqual(6_000);
    expect(certificate.evidence.find(({ kind }) => kind === 'beats-missed')?.detail).toContain('own work');
    // As many as it lived to say before its job blocked it.
    expect(certificate.beats.length).toBeGreaterThan(0);
    expect(certificate.peakRssBytes).toBeGreaterThan(20e6);
    await until(async () => (await processState(victim.pid)) === null, 'its parent killed it');
    // The standby that was warmed for it, where none is configured, has its place.
    await platform.running(1);
  },
);
