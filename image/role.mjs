// The first JavaScript of a container: `node role.mjs MAIN ARGUMENT…`. The kernel drops what process 1 has no handler for, so
// one stands before anything else is loaded. Until the role has its own nothing has begun, and there is nothing to end.
import process from 'node:process';

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(0);
  });
}
// The role finds its arguments where it would without us.
process.argv.splice(1, 1);
await import(process.argv[1]);
