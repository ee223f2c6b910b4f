export { createLink, type Link, type LinkDependencies, type LinkOptions } from './link/client.ts';
export * from './link/messages.ts';
export {
  createLinkServer,
  type LinkServer,
  type LinkServerDependencies,
  type LinkServerOptions,
} from './link/server.ts';
