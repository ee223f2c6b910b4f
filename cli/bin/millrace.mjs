#!/usr/bin/env node
// Plain JavaScript for Node 18 and later: it only finds a Node that runs the rest.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const self = fileURLToPath(import.meta.url);
const { resolve } = createRequire(import.meta.url);

function installed(name) {
  try {
    return resolve(name);
  } catch {
    return null;
  }
}

/** The Node that the repository pins through the npm package `node`; null when it is not installed. */
function pinnedNode() {
  const manifest = installed('node/package.json');
  const binary = manifest && join(dirname(manifest), 'bin', 'node');
  return binary && existsSync(binary) ? binary : null;
}

function fail(sentence) {
  process.stderr.write(`millrace: ${sentence}\n`);
  process.exit(1);
}

/** Runs this file again under `node`, and ends as that run ends. */
function runUnder(node) {
  const child = spawn(node, [self, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal's Ctrl-C reaches the child by itself too; it takes both for one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => fail(`${node} does not start: ${error.message}`));
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

const node = pinnedNode();
if (installed('commander') === null) {
  fail('its dependencies are not installed: run "npm ci" (or "npm start") in the repository.');
} else if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) {
  // Half of a short command's time is reading sources; kept beside the packages, where only their owner writes.
  module.enableCompileCache?.(join(dirname(dirname(resolve('commander'))), '.cache', 'millrace'));
  await import('../src/main.ts');
} else if (node !== null) {
  runUnder(node);
} else {
  // The package is there, its Node is not: the install scripts did not run.
  fail(
    `needs Node ${NEEDED_MAJOR}, and this is ${process.version}: run "npm rebuild node --ignore-scripts=false" in ` +
      `the repository, which puts the right one beside it, or put Node ${NEEDED_MAJOR} on your PATH.`,
  );
}
