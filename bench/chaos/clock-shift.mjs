/*
 * Preloaded (NODE_OPTIONS=--import) into processes whose clock may be set: at SIGUSR2 the process reads an offset, in
 * ms, from a file named after its pid in the folder CHAOS_CLOCKS, and from then on its wall clock is wrong by that.
 * As when a machine's clock is set, the monotonic clock, and all timers, go on as before.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

// biome-ignore-start lint/style/noRestrictedGlobals: this file is the clock that is wrong
const RightDate = Date;
const rightNow = Date.now.bind(Date);
let offsetMs = 0;

const now = () => rightNow() + offsetMs;

globalThis.Date = new Proxy(RightDate, {
  construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self),
  apply: () => new RightDate(now()).toString(),
  get: (target, key, self) => (key === 'now' ? now : Reflect.get(target, key, self)),
});
// biome-ignore-end lint/style/noRestrictedGlobals: see above

// biome-ignore lint/style/noProcessEnv: a preload has no main.ts above it
const folder = process.env.CHAOS_CLOCKS;
if (folder !== undefined && isMainThread) {
  process.on('SIGUSR2', () => {
    offsetMs = Number(readFileSync(join(folder, String(process.pid)), 'utf8'));
  });
}
