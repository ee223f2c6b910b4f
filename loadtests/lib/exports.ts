/** The scenarios' functions, which k6 calls by name. */
export { bulk, delayed, kill, look, priority, single, wait } from './flows.ts';
export { books } from './ledger.ts';
