import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;

/** Which package may depend on which of ours: arrows point down only. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'packages/core': [],
  'packages/workload': [],
  'packages/measure': ['core', 'workload'],
  'packages/telemetry': ['core'],
  'packages/sdk': ['core'],
  'packages/supervision': ['core'],
  'packages/queue': ['core'],
  handlers: ['core', 'sdk', 'workload'],
  'services/producer': ['core', 'queue', 'sdk', 'telemetry'],
  'services/worker': ['core', 'queue', 'sdk', 'supervision', 'telemetry'],
  'services/supervisor': ['core', 'queue', 'supervision', 'telemetry'],
  local: ['core', 'measure', 'telemetry', 'workload'],
  cli: ['core', 'local', 'measure'],
  bench: ['core', 'local', 'measure', 'queue', 'sdk', 'supervision', 'telemetry', 'workload'],
  loadtests: ['core', 'local'],
};

/** Large libraries live behind one door. */
const DOORS: Readonly<Record<string, string>> = {
  bullmq: 'packages/queue',
  ioredis: 'packages/queue',
  msgpackr: 'packages/queue',
  express: 'services/producer',
  helmet: 'services/producer',
  piscina: 'services/worker',
  pino: 'packages/core',
  yaml: 'packages/core',
  commander: 'cli',
};

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly exports?: unknown;
}
const manifest = (dir: string) =>
  JSON.parse(readFileSync(join(root, dir, 'package.json'), 'utf8')) as Manifest;

/** Lints `text` as if it stood in `file`, in a house of its own with our rules; resolves with what is said. */
async function lint(file: string, text: string): Promise<{ code: number | null; output: string }> {
  const house = await mkdtemp(join(tmpdir(), 'millrace-lint-'));
  const owner = Object.keys(ARROWS).find((dir) => file.startsWith(`${dir}/`)) ?? '.';
  await mkdir(join(house, dirname(file)), { recursive: true });
  const rules = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')) as object;
  await writeFile(join(house, 'biome.json'), JSON.stringify({ ...rules, vcs: { enabled: false } }));
  await cp(join(root, owner, 'package.json'), join(house, owner, 'package.json'));
  await writeFile(join(house, file), text);
  const child = spawn(join(root, 'node_modules/.bin/biome'), ['lint', '--colors=off', file], { cwd: house });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  await rm(house, { recursive: true });
  return { code, output };
}

describe('the arrows', () => {
  test.each(Object.entries(ARROWS))('%s depends on nothing but what stands below it', (dir, allowed) => {
    const ours = Object.keys(manifest(dir).dependencies ?? {}).filter((name) =>
      name.startsWith('@millrace/'),
    );
    for (const name of ours) expect(allowed).toContain(name.slice('@millrace/'.length));
  });

  test('every package is in the picture', () => {
    const dirs = ['packages', 'services'].flatMap((dir) =>
      readdirSync(join(root, dir), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => `${dir}/${entry.name}`),
    );
    expect(Object.keys(ARROWS).sort()).toEqual(
      [...dirs, 'handlers', 'local', 'cli', 'bench', 'loadtests'].sort(),
    );
  });

  test.each(Object.entries(DOORS))('%s is a dependency of %s alone', (library, door) => {
    const owners = Object.keys(ARROWS).filter((dir) => library in (manifest(dir).dependencies ?? {}));
    expect(owners).toEqual([door]);
  });
});

describe('the linter refuses', () => {
  test.each([
    [
      'an import that its package does not declare',
      'packages/core/src/x.ts',
      "import 'bullmq';\n",
      'noUndeclaredDependencies',
    ],
    [
      'a service inside a service',
      'services/worker/src/x.ts',
      "import '@millrace/producer';\n",
      'noUndeclaredDependencies',
    ],
    [
      'the environment outside main.ts',
      'packages/queue/src/x.ts',
      'export const x = process.env.X;\n',
      'noProcessEnv',
    ],
    [
      'time outside core/clock',
      'packages/queue/src/x.ts',
      'export const x = Date.now();\n',
      'noRestrictedGlobals',
    ],
    ['a timer outside core/clock', 'cli/src/x.ts', 'setTimeout(() => {}, 1);\n', 'noRestrictedGlobals'],
    ['any', 'packages/core/src/x.ts', 'export const x: any = 1;\n', 'noExplicitAny'],
  ])('%s', async (_name, file, text, rule) => {
    const { code, output } = await lint(file, text);
    expect(output).toContain(rule);
    expect(code).not.toBe(0);
  });

  test('nothing of an innocent file', async () => {
    expect((await lint('packages/core/src/x.ts', 'export const x = 1;\n')).code).toBe(0);
  });
});
