#!/usr/bin/env node
// Plain JavaScript for Node 18 and later: it only finds a Node that runs the rest (24 or later).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NEEDED_MAJOR = 24;
const main = join(dirname(dirname(fileURLToPath(import.meta.url))), 'src', 'main.ts');

/** The Node that the repository pins through the npm package `node`; null when it is not installed. */
function pinnedNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    const binary = join(dirname(manifest), 'bin', 'node');
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

function runUnder(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal's Ctrl-C reaches the child by itself; what is sent to this process alone is passed on.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => fail(`millrace: ${node} does not start: ${error.message}`));
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

function dependenciesInstalled() {
  try {
    createRequire(import.meta.url).resolve('commander');
    return true;
  } catch {
    return false;
  }
}

if (!dependenciesInstalled()) {
  fail('millrace: the dependencies are not installed: run "npm ci" in the repository, or "npm start".');
} else if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  await import(pathToFileURL(main).href);
} else {
  const node = pinnedNode();
  if (node !== null) runUnder(node);
  else {
    fail(
      `millrace: needs Node ${NEEDED_MAJOR} or later, and this is ${process.version}: run "npm ci" in the ` +
        `repository, which installs the right one beside it, or put Node ${NEEDED_MAJOR} on your PATH.`,
    );
  }
}
