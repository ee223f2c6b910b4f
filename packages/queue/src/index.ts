export { type DrainMarks, drainPerSecond, MAX_RETRY_AFTER_MS, retryAfterMs } from './add/retry-after.ts';
export { createConsumer } from './consumer/consumer.ts';
export { createStore } from './store.ts';
export type * from './types.ts';
