import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A process that burns, beside the platform and at its own priority, for as long as we live. */
const BURN =
  'process.on("disconnect", () => process.exit()); setImmediate(function burn() { const end = Date.now() + 50; while (Date.now() < end); setImmediate(burn); }); process.send("burning");';

/** Starts `count` of them; resolves when all burn. */
export async function startBurners(nodeFile: string, count: number): Promise<ChildProcess[]> {
  const burning = Array.from({ length: count }, () =>
    spawn(nodeFile, ['-e', BURN], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }),
  );
  await Promise.all(burning.map((child) => once(child, 'message')));
  return burning;
}

/** Ends one; resolves when it is gone. */
export async function endBurner(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
