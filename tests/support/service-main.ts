import process from 'node:process';
import { systemClock } from '@millrace/core';
import { compiledTree, type ServiceName } from '@millrace/local';

let tree: ReturnType<typeof compiledTree> | undefined;

/** The main of a service as `npm start` and the image run it: compiled. */
export async function serviceMain(service: ServiceName): Promise<string> {
  tree ??= compiledTree({ nodeFile: process.execPath, pid: process.pid, clock: systemClock });
  return (await tree).mainOf(service);
}
