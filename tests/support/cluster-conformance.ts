import { describe, expect, test } from 'vitest';
import type { Cluster, ClusterEvent } from '../../services/supervisor/src/cluster/cluster.ts';
import { until } from './queue.ts';

/** A cluster to hold against the port. */
export interface ConformanceBench {
  /** Started, with one listener. */
  readonly cluster: Cluster;
  /** All that it told, oldest first. */
  readonly events: readonly ClusterEvent[];
  /** A pod of pool `default` comes about, by us or by its controller. Resolves with its id once it was told. */
  startPod(): Promise<string>;
  /** It ends by itself, with exit code 7. */
  crash(id: string): Promise<void>;
  /** What another supervisor, that comes now, is told of the living. */
  seenByAnother(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** What every cluster does, whoever makes the pods. `slowMs` is how long it may take to tell of an end. */
export function clusterConformance(
  name: string,
  open: () => Promise<ConformanceBench>,
  slowMs: number,
): void {
  const exitOf = ({ events }: ConformanceBench, id: string) =>
    events.find((event) => event.type === 'pod-exited' && event.id === id);

  async function ended(bench: ConformanceBench, id: string) {
    await until(() => exitOf(bench, id) !== undefined, `the end of ${id} is told`, slowMs);
    expect((await bench.cluster.list()).map((pod) => pod.id)).not.toContain(id);
    return exitOf(bench, id);
  }

  async function within(act: (bench: ConformanceBench) => Promise<void>): Promise<void> {
    const bench = await open();
    try {
      await act(bench);
    } finally {
      await bench.close();
    }
  }

  describe(`${name}, as every cluster`, () => {
    test('tells who starts, and lists who lives, also to a supervisor that comes later', () =>
      within(async (bench) => {
        const id = await bench.startPod();
        expect(bench.events.at(-1)).toMatchObject({ type: 'pod-started', id, pool: 'default' });
        expect((await bench.cluster.list()).map((pod) => pod.id)).toEqual([id]);
        expect(await bench.seenByAnother()).toEqual([id]);
      }));

    test('tells an end that nobody asked for, with its exit code', () =>
      within(async (bench) => {
        const id = await bench.startPod();
        await bench.crash(id);
        expect(await ended(bench, id)).toMatchObject({ code: 7, signal: null, expected: false });
      }));

    test('ends a pod that is removed, and says that it was asked for; twice is once', () =>
      within(async (bench) => {
        const [id, other] = [await bench.startPod(), await bench.startPod()];
        bench.cluster.remove(id, 2_000);
        bench.cluster.remove(id, 2_000);
        expect(await ended(bench, id)).toMatchObject({ expected: true });
        expect((await bench.cluster.list()).map((pod) => pod.id)).toContain(other);
      }));

    test('kills a pod that heeds nothing', () =>
      within(async (bench) => {
        const id = await bench.startPod();
        bench.cluster.kill(id);
        expect(await ended(bench, id)).toMatchObject({ signal: 'SIGKILL' });
      }));

    test('takes orders about pods that it does not know', () =>
      within(async (bench) => {
        bench.cluster.remove('nobody', 1_000);
        bench.cluster.kill('nobody');
        await bench.startPod();
      }));

    test('says nothing any more once it is stopped, and leaves the pods alone', () =>
      within(async (bench) => {
        const id = await bench.startPod();
        await bench.cluster.stop();
        const told = bench.events.length;
        expect(await bench.seenByAnother()).toEqual([id]);
        await bench.crash(id);
        await until(async () => !(await bench.seenByAnother()).includes(id), 'it has ended', slowMs);
        expect(bench.events.length).toBe(told);
      }));
  });
}
