import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemClock } from '@millrace/core';
import { startChild } from '../../../../local/src/launch/child.ts';
import { parseOrder } from '../../../../local/src/launch/cluster-messages.ts';
import { Kubelet } from '../../../../local/src/launch/kubelet.ts';
import { clusterConformance } from '../../../../tests/support/cluster-conformance.ts';
import { until } from '../../../../tests/support/queue.ts';
import type { ClusterEvent } from './cluster.ts';
import { createLocalCluster } from './local-cluster.ts';

/** Heeds no SIGTERM, and ends with 7 when it is told to crash. */
const STUBBORN =
  "process.on('SIGTERM', () => {}); process.on('SIGUSR2', () => process.exit(7)); setInterval(() => {}, 1000); console.log('up');";

/** The real kubelet of the launcher, with its line to as many supervisors as there are. */
async function open() {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-pods-'));
  const lines = new Set<(message: unknown) => void>();
  const events: ClusterEvent[] = [];
  let made = 0;
  const kubelet = new Kubelet({
    clock: systemClock,
    spawnPod: (id) =>
      startChild({
        ...{ name: id, file: process.execPath, args: ['-e', STUBBORN], env: {}, ipc: false },
        logFile: join(folder, `${id}.log`),
      }),
    tell(news) {
      for (const line of lines) line(news);
      return lines.size > 0;
    },
    note: () => undefined,
    onExit: () => undefined,
  });

  function connect() {
    let line: (message: unknown) => void = () => undefined;
    const cluster = createLocalCluster(
      {
        send(message) {
          const order = parseOrder(message as Record<string, unknown>);
          if (order) kubelet.receive(order);
        },
        onMessage(listener) {
          line = listener;
          lines.add(line);
        },
      },
      silentLog,
    );
    return { cluster, hangUp: () => lines.delete(line) };
  }

  const { cluster } = connect();
  cluster.listen((event) => events.push(event));
  await cluster.start();
  return {
    cluster,
    events,
    async startPod() {
      const id = `default-${made++}`;
      cluster.create(id, 'default');
      const isTold = () => events.some((event) => event.type === 'pod-started' && event.id === id);
      await until(() => isTold() && readFileSync(join(folder, `${id}.log`), 'utf8') !== '', 'it is up');
      return id;
    },
    async crash(id: string) {
      const pid = kubelet.pods().find((pod) => pod.id === id)?.pid;
      if (pid !== undefined) process.kill(pid, 'SIGUSR2');
    },
    async seenByAnother() {
      const another = connect();
      await another.cluster.start();
      const seen = (await another.cluster.list()).map(({ id }) => id);
      await another.cluster.stop();
      another.hangUp();
      return seen;
    },
    close: async () => {
      await cluster.stop();
      await kubelet.drain(0);
    },
  };
}

clusterConformance('the launcher’s cluster', open, 10_000);
