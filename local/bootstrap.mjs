/*
 * What `npm start` and `npm test` do before anything is installed: plain JavaScript that runs on Node 18+.
 * It installs the packages that package-lock.json asks for, then goes on under the pinned Node (the npm
 * package "node"), so that a machine's own older Node is enough to begin with.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's top level. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The Node that our sources need: they are TypeScript, run by type stripping. */
const NEEDED_MAJOR = 24;

/** Marks the process that was started under the pinned Node; it must not install or start itself again. */
const UNDER_PINNED = 'STARTED_UNDER_PINNED_NODE';

/** Requests to stop. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const PINNED = join(ROOT, 'node_modules', 'node', 'bin', 'node');

/**
 * The packages of a package-lock.json that are not installed, or in another version. `installed` is npm's own
 * record, node_modules/.package-lock.json, which it writes last: an install cut short leaves none.
 * Optional packages (those of other platforms) may be missing.
 *
 * @param {{packages?: Record<string, {version?: string, optional?: boolean, link?: boolean}>}} lock
 * @param {{packages?: Record<string, {version?: string}>} | null} installed
 * @param {(path: string) => boolean} exists
 * @returns {string[]}
 */
export function missingPackages(lock, installed, exists) {
  const present = installed?.packages ?? {};
  return Object.entries(lock.packages ?? {})
    .filter(([path, entry]) => path.includes('node_modules/') && !entry.optional)
    .filter(([path, entry]) => !present[path] || present[path].version !== entry.version || !exists(path))
    .map(([path]) => path);
}

/**
 * What to do once everything is installed: go on here, go on under the pinned Node, or give up.
 *
 * @param {number} major the running Node's
 * @param {boolean} hasPinned
 * @param {boolean} isPinned the running Node is the pinned one
 * @returns {'run' | 'become' | 'fail'}
 */
export function nextStep(major, hasPinned, isPinned) {
  if (hasPinned) return isPinned ? 'run' : 'become';
  return major >= NEEDED_MAJOR ? 'run' : 'fail';
}

/** The one sentence for an install that ran no install scripts. */
export const NO_PINNED_NODE =
  `The pinned Node is not installed, because the install scripts did not run (npm ci --ignore-scripts?): ` +
  `run "npm rebuild node --ignore-scripts=false", or start with Node ${NEEDED_MAJOR} or newer (this is ${process.version}).`;

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function sameFile(a, b) {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}

/** The environment without node_modules on the PATH: an install removes the Node that is linked there. */
function outsideEnvironment() {
  const inside = join(ROOT, 'node_modules');
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.startsWith(inside));
  return { ...process.env, PATH: path.join(delimiter) };
}

/** Runs `npm ci`; what it says is kept back unless it fails. */
function install() {
  process.stderr.write('Installing packages (npm ci) …\n');
  // Development packages hold the pinned Node, so NODE_ENV=production must not leave them out.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
  return new Promise((resolve) => {
    const npm = spawn('npm', args, {
      cwd: ROOT,
      env: outsideEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = [];
    npm.stdout.on('data', (chunk) => said.push(chunk));
    npm.stderr.on('data', (chunk) => said.push(chunk));
    npm.on('error', (error) =>
      fail(
        `npm could not be run (${error.message}): install npm, which comes with Node, and run this again.`,
      ),
    );
    npm.on('close', (code, signal) => {
      if (code === 0) return resolve();
      process.stderr.write(Buffer.concat(said));
      fail(`npm ci failed (${signal ?? `exit code ${code}`}); its own words are above. Nothing was started.`);
    });
  });
}

/** True when `package-lock.json` asks for something that is not there. */
function isIncomplete() {
  const lock = readJson(join(ROOT, 'package-lock.json'));
  if (!lock) fail(`package-lock.json in ${ROOT} cannot be read: get it back from the repository.`);
  const installed = readJson(join(ROOT, 'node_modules', '.package-lock.json'));
  return missingPackages(lock, installed, (path) => existsSync(join(ROOT, path))).length > 0;
}

/** The process that installs here now, or null. A lock whose process is gone is nobody's. */
function installer(lockFile) {
  try {
    const pid = Number(readFileSync(lockFile, 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return error.code === 'EPERM' ? 'another' : null;
  }
}

/** `npm start` and `npm test` at once must not both empty node_modules: one installs, the other waits for it. */
async function installOnce() {
  const name = createHash('sha256').update(ROOT).digest('hex').slice(0, 12);
  const lockFile = join(tmpdir(), `millrace-install-${name}.lock`);
  while (isIncomplete()) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    } catch (error) {
      if (error.code !== 'EEXIST') fail(`The lock ${lockFile} cannot be written (${error.message}).`);
      if (installer(lockFile) === null) rmSync(lockFile, { force: true });
      else await new Promise((resolve) => setTimeout(resolve, 500));
      continue;
    }
    process.on('exit', () => rmSync(lockFile, { force: true }));
    if (isIncomplete()) await install();
    rmSync(lockFile, { force: true });
    return;
  }
}

/** Starts this very program under the pinned Node and becomes its shadow: its signals, its exit code. */
function becomePinned(script) {
  const child = spawn(PINNED, [script, ...process.argv.slice(2)], {
    env: { ...process.env, [UNDER_PINNED]: '1' },
    // The channel tells the child when this process is killed and can forward nothing any more.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
  endWithNpm(() => child.kill('SIGTERM'));
  child.on('error', (error) =>
    fail(
      `The pinned Node ${PINNED} does not run here (${error.message}): start with Node ${NEEDED_MAJOR} or newer.`,
    ),
  );
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
}

/**
 * `npm start` that is killed outright takes us along; without npm a new parent means nothing (nohup). When the
 * whole terminal goes, a signal has said so already, and a second one would hasten the drain.
 */
function endWithNpm(end) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    end();
  }, 500);
  watch.unref();
  for (const signal of SIGNALS) process.once(signal, () => clearInterval(watch));
}

/**
 * Installs what is missing, then calls `run` in a process of the pinned Node. `script` is the caller's own path.
 * Without a pinned Node it goes on in this process if that is new enough; else it ends with one sentence.
 *
 * @param {string} script
 * @param {() => Promise<unknown>} run
 */
export async function underPinnedNode(script, run) {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 18) fail(`Node ${process.version} is too old to begin with: install Node 18 or newer.`);
  if (process.env[UNDER_PINNED] === '1') {
    delete process.env[UNDER_PINNED];
    return run();
  }
  await installOnce();
  const step = nextStep(major, existsSync(PINNED), sameFile(PINNED, process.execPath));
  if (step === 'become') return becomePinned(script);
  if (step === 'fail') fail(NO_PINNED_NODE);
  endWithNpm(() => process.kill(process.pid, 'SIGTERM'));
  return run();
}
