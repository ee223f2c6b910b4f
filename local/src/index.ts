export { FAULTS } from './chaos/catalogue.ts';
export { childrenOf } from './chaos/children.ts';
export {
  type Batch,
  ChaosFailure,
  type ChaosTarget,
  type Fault,
  NO_DEATH,
  type Wires,
} from './chaos/fault.ts';
export { findPlatform, type LocalPlatform } from './chaos/platform.ts';
export { type Death, deathFaults, deathsIn } from './chaos/promise.ts';
export { type FaultLine, type FaultReport, type FaultRun, listFaults, makeFault } from './chaos/run-fault.ts';
export { offer, until } from './chaos/steps.ts';
export { createTarget, type Harm, type TargetOptions } from './chaos/target.ts';
export { createWire, type Wire } from './chaos/wire.ts';
export { type Api, createApi } from './demo/api.ts';
export { Collector, type LedgerLine } from './demo/collector.ts';
export { LedgerTally, type Totals } from './demo/ledger-tally.ts';
export { type MarkedData, markedData } from './demo/marked-data.ts';
export { chooseVictim } from './demo/victim.ts';
export { WorkerWatch } from './demo/worker-watch.ts';
export { type Host, hostOf } from './host.ts';
export { findJaeger, ownJaeger } from './jaeger/own-jaeger.ts';
export { compiledTree, type ServiceName } from './launch/compiled.ts';
export { keep } from './launch/keeper.ts';
export { createLauncher, type Launcher } from './launch/launcher.ts';
export { signalProcess } from './launch/process-identity.ts';
export { overlay } from './launch/run-config.ts';
export type { Addresses } from './launch/services.ts';
export { HELP, parseUp, type UpOptions } from './options.ts';
export { findServers, type ServerProgram } from './store/find-server.ts';
export { supplyServer } from './store/supply.ts';
export { runUp } from './up.ts';
