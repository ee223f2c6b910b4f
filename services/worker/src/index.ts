export { createPod, type Pod, type PodDependencies, type PodOptions } from './pod/pod.ts';
export {
  createWorkerProcess,
  type WorkerDependencies,
  type WorkerOptions,
  type WorkerProcess,
} from './process/worker.ts';
