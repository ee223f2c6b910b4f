import { spawn } from 'node:child_process';

/**
 * Every fsync of process `pid` takes `ms` longer, as on a slow disk; the kernel's own tracing interface does it (strace).
 * Null where that cannot be had. `stop` resolves when the process is as before.
 */
export async function slowDisk(pid: number, ms: number): Promise<{ stop(): Promise<void> } | null> {
  const calls = 'fsync,fdatasync';
  const inject = `inject=${calls}:delay_enter=${ms * 1_000}`;
  const tracer = spawn('strace', ['-f', '-p', String(pid), '-e', `trace=${calls}`, '-e', inject], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => {
    tracer.once('exit', () => resolve());
    tracer.once('error', () => resolve());
  });
  const attached = new Promise<boolean>((resolve) => {
    tracer.stderr.on('data', (said) => {
      if (String(said).includes('attached')) resolve(true);
    });
    void ended.then(() => resolve(false));
  });
  if (!(await attached)) return null;
  return {
    async stop() {
      tracer.kill('SIGINT');
      await ended;
    },
  };
}
