import type { Fault } from '../errors.ts';
import type { ParsedConfig } from './schema.ts';

const MIB = 1024 * 1024;
/** A worker process that has loaded everything and waits is about 80 MiB. */
const LEAST_SHARE_MIB = 96;
/** The part of a process's share that V8's old space may take: buffers, stacks and code need the rest. */
const HEAP_PART = 0.8;
const HEAP_OPTION = /^--max[-_](old[-_]space|heap)[-_]size\b/;

/** What a worker pod may use. */
export interface Machine {
  /** Whole cores, at least one. */
  readonly cores: number;
  /** The container's memory limit; null without one. */
  readonly memoryBytes: number | null;
}

/** How a pod divides its machine. */
export interface WorkerSizes {
  readonly processes: number;
  /** Of the cpu lane, in each process. */
  readonly cpuThreads: number;
  /** MiB of V8's old space in each process; null leaves it to V8 or to Node’s own options. */
  readonly maxOldSpace: number | null;
}

type Wanted = ParsedConfig['worker'];

/** Node’s options as a list, from text that separates them by blanks. */
export function nodeOptionsOf({ nodeOptions }: Pick<Wanted, 'nodeOptions'>): string[] {
  return nodeOptions.split(/\s+/).filter((option) => option !== '');
}

const setsHeap = (options: readonly string[]) => options.some((option) => HEAP_OPTION.test(option));
const mebibytes = (bytes: number) => Math.floor(bytes / MIB);

/** As many processes as cores, unless memory has no place for so many. */
function processesFor({ standby }: Wanted, { cores, memoryBytes }: Machine): number {
  if (memoryBytes === null) return cores;
  const places = Math.floor(mebibytes(memoryBytes) / LEAST_SHARE_MIB);
  return Math.max(1, Math.min(cores, places - standby));
}

/** Fills in what the configuration leaves to the machine. `inherited` are options that Node has from elsewhere. */
export function workerSizes(
  worker: Wanted,
  machine: Machine,
  inherited: readonly string[] = [],
): WorkerSizes {
  const processes = worker.processes ?? processesFor(worker, machine);
  const isElsewhere = setsHeap([...nodeOptionsOf(worker), ...inherited]);
  const shareBytes = (machine.memoryBytes ?? 0) / (processes + worker.standby);
  const byDefault = machine.memoryBytes === null || isElsewhere ? null : mebibytes(HEAP_PART * shareBytes);
  return {
    processes,
    cpuThreads: worker.cpuThreads ?? Math.max(1, Math.floor(machine.cores / processes)),
    maxOldSpace: worker.maxOldSpace ?? byDefault,
  };
}

/** What the machine has no place for, or Node does not take. */
export function sizeFaults(worker: Wanted, machine: Machine): Fault[] {
  return [...nodeOptionFaults(worker), ...memoryFaults(worker, machine)];
}

function nodeOptionFaults(worker: Wanted): Fault[] {
  const options = nodeOptionsOf(worker);
  const pointer = '/worker/nodeOptions';
  const faults = options
    .filter((option) => option.startsWith('-') && !process.allowedNodeEnvironmentFlags.has(option))
    .map((option) => ({ pointer, message: `${option} is no option that NODE_OPTIONS may hold` }));
  if (worker.maxOldSpace !== undefined && setsHeap(options)) {
    faults.push({ pointer, message: 'sets the heap’s size, and so does worker.maxOldSpace: leave one out' });
  }
  return faults;
}

function memoryFaults(worker: Wanted, machine: Machine): Fault[] {
  if (machine.memoryBytes === null) return [];
  const limitMib = mebibytes(machine.memoryBytes);
  const { processes, maxOldSpace } = workerSizes(worker, machine);
  const all = processes + worker.standby;
  const who = `${processes} processes and ${worker.standby} standbys`;
  if (limitMib < all * LEAST_SHARE_MIB) {
    const message = `${who} do not fit into the memory limit of ${limitMib} MiB: each needs ${LEAST_SHARE_MIB}`;
    return [{ pointer: '/worker/processes', message }];
  }
  if (maxOldSpace === null || maxOldSpace * all <= limitMib) return [];
  const message = `${who} of ${maxOldSpace} MiB do not fit into the memory limit of ${limitMib} MiB`;
  return [{ pointer: '/worker/maxOldSpace', message }];
}
