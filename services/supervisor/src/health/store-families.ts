import type { StoreCondition, StoreNodeLoad } from '@millrace/queue';
import { type MetricFamily, numberFamily } from '@millrace/telemetry';

type OfNode = readonly [
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  value: (load: StoreNodeLoad) => number,
];

const OF_NODES: readonly OfNode[] = [
  [
    ...(['counter', 'main_cpu_seconds_total'] as const),
    'CPU time of the thread that runs commands: 1 a second is all there is.',
    ({ mainCpuSeconds }) => mainCpuSeconds,
  ],
  [
    ...(['counter', 'cpu_seconds_total', 'CPU time of the store with all threads and children.'] as const),
    ({ cpuSeconds }) => cpuSeconds,
  ],
  [
    ...(['counter', 'commands_total', 'Commands that the store has run.'] as const),
    ({ commandsTotal }) => commandsTotal,
  ],
  ['gauge', 'clients', 'Connections to the store.', ({ clients }) => clients],
  [
    ...(['counter', 'delayed_fsyncs_total'] as const),
    'fsyncs that made writers wait, for the one before was not over: a slow disk.',
    ({ delayedFsyncsTotal }) => delayedFsyncsTotal,
  ],
  [
    ...(['gauge', 'last_fork_seconds', 'How long the last fork held up the store.'] as const),
    ({ lastForkMs }) => lastForkMs / 1_000,
  ],
  [
    ...(['gauge', 'aof_written', '0 while the store cannot write its append-only file.'] as const),
    ({ isAofWritten }) => (isAofWritten ? 1 : 0),
  ],
];

function memoryFamilies({ memoryUsed, memoryMax }: StoreCondition): MetricFamily[] {
  const gauge = (name: string, help: string, value: number) => numberFamily('gauge', name, help, value);
  const ratio = memoryMax === 0 ? [] : [{ labels: {}, value: memoryUsed / memoryMax }];
  return [
    gauge('millrace_store_memory_used_bytes', 'Memory that the store uses.', memoryUsed),
    gauge('millrace_store_memory_max_bytes', 'Its maxmemory; 0 where none is set.', memoryMax),
    numberFamily('gauge', 'jobqueue_redis_memory_ratio', 'Used memory ÷ maxmemory, where one is set.', ratio),
  ];
}

/** What a look at the store saw. */
export function storeFamilies(condition: StoreCondition): MetricFamily[] {
  const { nodes } = condition;
  return [
    ...memoryFamilies(condition),
    ...OF_NODES.map(([type, name, help, value]) =>
      numberFamily(
        type,
        `millrace_store_${name}`,
        help,
        nodes.map((load) => ({ labels: { node: load.node }, value: value(load) })),
      ),
    ),
  ];
}
