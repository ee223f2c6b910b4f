/**
 * What the API answers. Everything that is exported here is a named schema of /openapi.json; each is held to its
 * type by `satisfies`.
 */
export * from './dead-letters.ts';
export * from './jobs.ts';
export * from './pools.ts';
export * from './problem.ts';
export * from './queues.ts';
export * from './recoveries.ts';
export * from './scaling.ts';
export * from './workers.ts';
