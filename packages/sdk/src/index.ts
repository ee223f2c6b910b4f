export type { StandardSchemaV1 } from '@standard-schema/spec';
export { defineHandler, isHandler } from './define-handler.ts';
export type {
  ComputeFunction,
  ComputeTable,
  DefinedHandler,
  Handler,
  HandlerContext,
  HandlerDefinition,
  RetryDefinition,
  RetryPolicy,
} from './handler.ts';
export { loadHandlerFile, loadHandlers } from './load-handlers.ts';
export { cancel, fail, type HandlerOutcome, outcomeOf, outcomeOfThrown, snooze } from './outcomes.ts';
export type { HandlerRegistry } from './registry.ts';
export { type Checked, checkData } from './schema-faults.ts';
