/*
 * The other side of the comparison: stock BullMQ, in the very version that packages/queue pins and npm puts at the
 * top of node_modules. The product has one door to it; a bench that compared with anything but the library as its
 * users import it would prove nothing. So this file, and no other, is let past the rule.
 */
// biome-ignore lint/correctness/noUndeclaredDependencies: see above; a dependency of our own could be another version.
export { Queue, QueueEvents, Worker, type WorkerOptions } from 'bullmq';
