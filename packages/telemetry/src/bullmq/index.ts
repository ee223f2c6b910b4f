export { type BullmqTelemetryOptions, createBullmqTelemetry } from './bullmq-telemetry.ts';
export type { BullmqTelemetry } from './contract.ts';
