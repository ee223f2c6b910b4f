import { must } from './shell.ts';

/**
 * What only the lab's keeper can do comes as commands named in environment variables, so that the same tests run on any
 * cluster (docs/testing.md): each is a command line to which the arguments below are added. A case whose command
 * is missing is skipped, and says so.
 */
const COMMANDS = {
  /** `IMAGE:TAG DIR`: builds the image and brings it to every node. */
  CLUSTER_BUILD: 'builds an image',
  /** `SIG POD NAMESPACE`: a signal from the node's side, or `SIG apiserver`. */
  CLUSTER_SIGNAL: 'signals processes from the node’s side',
  /** `N up|down`: cuts node N off its network, and brings it back. */
  CLUSTER_LINK: 'cuts a node off',
  /** `COMMAND…`: runs a command where services have names and addresses. */
  CLUSTER_IN: 'runs a command inside the cluster’s network',
} as const;

export type CommandName = keyof typeof COMMANDS;

const words = (name: CommandName) => (process.env[name] ?? '').split(' ').filter((word) => word !== '');

/** Why a case is skipped, or null when all its commands are there. */
export function missing(...names: readonly CommandName[]): string | null {
  const absent = names.filter((name) => words(name).length === 0);
  if (absent.length === 0) return null;
  return absent.map((name) => `${name} is not set (${COMMANDS[name]})`).join('; ');
}

export const commandLine = (name: CommandName, ...args: readonly string[]) => [...words(name), ...args];

/** Sends a signal to all processes of a container from its node; KILL to its first one. */
export const signalPod = (signal: 'KILL' | 'STOP' | 'CONT', pod: string, namespace: string) =>
  must(commandLine('CLUSTER_SIGNAL', signal, pod, namespace));

export const signalServer = (signal: 'STOP' | 'CONT') =>
  must(commandLine('CLUSTER_SIGNAL', signal, 'apiserver'));

export const linkNode = (node: number, state: 'up' | 'down') =>
  must(commandLine('CLUSTER_LINK', String(node), state));
