import { Socket } from 'node:net';
import { workerData } from 'node:worker_threads';

const { fd, pid } = workerData as { fd: number; pid: number };
const die = () => process.kill(pid, 'SIGKILL');

// The parent never writes: all that can come is the end, orderly or by a reset.
new Socket({ fd, readable: true, writable: false }).on('end', die).on('close', die).on('error', die).resume();
