/** What our spans carry, as docs/telemetry.md names it. */
export const OPERATION = 'messaging.operation.name';
export const CLIENT_ID = 'messaging.client.id';
export const ERROR_TYPE = 'error.type';
export const WEIGHT = 'millrace.sampling.weight';
export const SERVICE_US = 'millrace.service_us';
export const TOTAL_US = 'millrace.total_us';
export const OUTCOME = 'millrace.outcome';
export const RUN_ID = 'millrace.run.id';
export const DEATH_CAUSE = 'millrace.death.cause';
export const RECOVERY = 'millrace.recovery';
/** The root of a recovery's trace. */
export const RECOVER = 'recover';
