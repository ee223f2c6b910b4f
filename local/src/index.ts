export { type Host, hostOf } from './host.ts';
export { HELP, parseUp, type UpOptions } from './options.ts';
export { findServers, type ServerProgram } from './store/find-server.ts';
export { supplyServer } from './store/supply.ts';
export { runUp } from './up.ts';
