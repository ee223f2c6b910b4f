export type { Supervisor, SupervisorDependencies } from './contract.ts';
export { createSupervisor } from './supervisor.ts';
