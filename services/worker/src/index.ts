export type { Pod, PodDependencies, PodOptions } from './pod/contract.ts';
export { createPod } from './pod/pod.ts';
export {
  createWorkerProcess,
  type WorkerDependencies,
  type WorkerOptions,
  type WorkerProcess,
} from './process/worker.ts';
