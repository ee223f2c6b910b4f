export { type BlameFacts, blameOf, isSentByOthers } from './death/blame.ts';
export { BEATS_BEFORE_DEATH_MS, withHistory } from './death/certificate.ts';
export { createDeathWatch, type DeathWatch } from './death/death-watch.ts';
export { withLateExit } from './death/late-exit.ts';
export type {
  DeathLimits,
  ParentsReport,
  ProcessExit,
  StartAction,
  StartEvent,
  StartIdentity,
  StartState,
} from './death/start.ts';
export { createLink, type Link, type LinkDependencies, type LinkOptions } from './link/client.ts';
export { type LinkKey, openLinkKeys } from './link/keys.ts';
export * from './link/messages.ts';
export {
  createLinkServer,
  type LinkServer,
  type LinkServerDependencies,
  type LinkServerOptions,
} from './link/server.ts';
export { backoffFrom, restartDelayMs, restartsUsed } from './otp/budget.ts';
export {
  type ChildState,
  type ChildStatus,
  newSupervisor,
  type SupervisorMode,
  type SupervisorState,
} from './otp/state.ts';
export { type SupervisorStep, supervise } from './otp/supervise.ts';
export type * from './otp/types.ts';
export { unanswered } from './otp/unanswered.ts';
