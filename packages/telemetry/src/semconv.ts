/**
 * The names of the OpenTelemetry semantic conventions that spans carry: messaging is "Development" there, so its
 * version is pinned here, in the one place that has to change with it.
 */
export const SEMCONV_VERSION = '1.45.0';
export const SCHEMA_URL = `https://opentelemetry.io/schemas/${SEMCONV_VERSION}`;

export const SYSTEM = 'messaging.system';
export const BULLMQ = 'bullmq';
export const OPERATION_NAME = 'messaging.operation.name';
export const OPERATION_TYPE = 'messaging.operation.type';
export const DESTINATION = 'messaging.destination.name';
export const MESSAGE_ID = 'messaging.message.id';
export const CLIENT_ID = 'messaging.client.id';
export const BATCH_COUNT = 'messaging.batch.message_count';
export const SERVER_ADDRESS = 'server.address';
export const SERVER_PORT = 'server.port';
export const ERROR_TYPE = 'error.type';

/** Ours, beside the conventions. */
export const JOB_NAME = 'bullmq.job.name';
export const JOB_ATTEMPT = 'bullmq.job.attempt';
export const JOB_START = 'bullmq.job.start';
export const CUT = 'millrace.sampling.cut';
export const WEIGHT = 'millrace.sampling.weight';
export const WAIT_US = 'millrace.wait_us';
export const SERVICE_US = 'millrace.service_us';
export const TOTAL_US = 'millrace.total_us';
/** The code of the problem that a request was refused with: also of those that are no error of ours. */
export const PROBLEM_CODE = 'millrace.problem.code';
export const OUTCOME = 'millrace.outcome';
export const RUN_ID = 'millrace.run.id';
export const SCHEDULED_US = 'millrace.scheduled_us';
