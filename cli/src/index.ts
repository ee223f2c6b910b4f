export type { Call, Host } from './call.ts';
export { run } from './run.ts';
export type { Terminal } from './terminal.ts';
