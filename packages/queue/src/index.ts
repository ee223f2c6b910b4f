export { type DrainMarks, drainPerSecond, MAX_RETRY_AFTER_MS, retryAfterMs } from './add/retry-after.ts';
export { createConsumer } from './consumer/consumer.ts';
export { rehearseConsumer } from './rehearsal/rehearse-consumer.ts';
export { createStore } from './store.ts';
export type * from './types/consumer.ts';
export type * from './types/queue.ts';
export type * from './types/store.ts';
export type * from './types/supervision.ts';
export type * from './types/waiters.ts';
