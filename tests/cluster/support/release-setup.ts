import { commandLine, missing } from './commands.ts';
import { list } from './kubernetes.ts';
import { install, releaseOf, remove } from './release.ts';
import { must } from './shell.ts';

export const IMAGE = { repository: 'millrace/millrace', tag: 'test' } as const;

/** The release that all files share. Its cases leave it as they found it: settled. */
export const shared = () => releaseOf('m', 'millrace-test');

/** The first node carries what must not fall over with the second, which is drained and cut. */
export const NODES = { stays: 'node1', falls: 'node2' } as const;

/** With CLUSTER_KEEP the release of the run before is used as it is, and stays: for whoever writes a case. */
const keeps = () => (process.env.CLUSTER_KEEP ?? '') !== '';

async function bringImage(): Promise<void> {
  const why = missing('CLUSTER_BUILD');
  if (why !== null) {
    process.stdout.write(`${why}: the nodes must have ${IMAGE.repository}:${IMAGE.tag} already\n`);
    return;
  }
  process.stdout.write('building the image\n');
  await must(commandLine('CLUSTER_BUILD', `${IMAGE.repository}:${IMAGE.tag}`, '.'), undefined, 600_000);
}

/** Builds the image, installs the release, and takes it away at the end. */
export default async function setup(): Promise<() => Promise<void>> {
  const release = shared();
  if (keeps() && (await list('deployment', release.namespace)).length > 0) return async () => undefined;
  await bringImage();
  await remove(release);
  process.stdout.write('installing the release\n');
  await install(release, ['--create-namespace', '--set', `image.tag=${IMAGE.tag}`]);
  await release.settled();
  return async () => {
    if (!keeps()) await remove(release);
  };
}
