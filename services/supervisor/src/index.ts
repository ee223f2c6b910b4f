export { createSupervisor, type Supervisor, type SupervisorDependencies } from './supervisor.ts';
