import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { FOLDER, generate, OVERLAYS, rendered } from '../../k8s/generate/generate.ts';
import { identity, type KubeObject, plainManifests } from '../../k8s/generate/objects.ts';
import { overlayOf, patchSteps } from '../../k8s/generate/overlay.ts';
import { has, missing } from './render.ts';

const object = (name: string, rest: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...rest,
});

describe('plain manifests', () => {
  it('have nothing of Helm, no hooks and no Secrets', () => {
    const labels = { app: 'x', 'helm.sh/chart': 'x-1', 'app.kubernetes.io/managed-by': 'Helm' };
    const annotations = { 'millrace.dev/rendered-replicas': '2' };
    const hook = { name: 'hook', annotations: { 'helm.sh/hook': 'test' } };
    const made = plainManifests([
      { ...object('b'), metadata: { name: 'b', labels, annotations } },
      { ...object('secret'), kind: 'Secret' },
      { ...object('hook'), metadata: hook },
      object('a'),
    ]);
    expect(made).toEqual([object('a'), { ...object('b'), metadata: { name: 'b', labels: { app: 'x' } } }]);
  });
});

describe('an overlay', () => {
  it('changes what differs, brings what is new and takes what is gone', () => {
    const base = [object('same'), object('changed', { data: { k: '1' } }), object('gone')];
    const variant = [object('same'), object('changed', { data: { k: '2' } }), object('new')];
    expect(overlayOf(base, variant)).toEqual({
      resources: [object('new')],
      patches: [{ target: base[1], steps: [{ op: 'replace', path: '/data/k', value: '2' }] }],
      removed: [object('gone')],
    });
  });

  it.each([
    ['keys', { a: 1, b: 2 }, { b: 3, c: 4 }, 'remove /a, replace /b, add /c'],
    ['names with slashes and tildes', { 'x/y~z': 1 }, { 'x/y~z': 2 }, 'replace /x~1y~0z'],
    ['places of lists', [1, { a: 1 }], [1, { a: 2 }], 'replace /1/a'],
    ['longer lists', [1], [1, 2, 3], 'add /-, add /-'],
    ['shorter lists, from the end', [1, 2, 3], [1], 'remove /2, remove /1'],
    ['kinds of values', { a: [1] }, { a: { b: 1 } }, 'replace /a'],
    ['nothing', { a: [1] }, { a: [1] }, ''],
  ])('patches %s', (_, before, after, steps) => {
    expect(
      patchSteps(before, after)
        .map(({ op, path }) => `${op} ${path}`)
        .join(', '),
    ).toBe(steps);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(join(FOLDER, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(FOLDER.length + 1));
}

describe.skipIf(!has('helm'))(`k8s/${missing('helm')}`, () => {
  it('is what the chart renders today: `npm run k8s` makes it anew', () => {
    const files = generate();
    const onDisk = [...filesBelow('base'), ...filesBelow('overlays')].sort();
    const folders = Object.keys(files).filter((path) => !path.startsWith('examples/'));
    expect(onDisk).toEqual(folders.sort());
    for (const [path, text] of Object.entries(files)) {
      expect(readFileSync(join(FOLDER, path), 'utf8'), path).toBe(text);
    }
  });

  it('never says Helm, and demands a Secret of yours', () => {
    for (const path of [...filesBelow('base'), ...filesBelow('overlays')]) {
      const text = readFileSync(join(FOLDER, path), 'utf8');
      expect(text, path).not.toMatch(/helm|kind: Secret\n/i);
    }
    expect(readFileSync(join(FOLDER, 'base/producer.yaml'), 'utf8')).toContain('secretName: millrace-auth');
  });
});

describe.skipIf(!has('helm') || !has('kubectl'))(`kustomize${missing('helm')}${missing('kubectl')}`, () => {
  const built = (folder: string) =>
    parseAllDocuments(
      execFileSync('kubectl', ['kustomize', join(FOLDER, folder)], {
        encoding: 'utf8',
        maxBuffer: 64 * 2 ** 20,
      }),
    ).map((document) => document.toJS() as KubeObject);

  it.each(OVERLAYS)('makes of overlays/%s exactly what the chart renders', (overlay) => {
    const objects = built(`overlays/${overlay}`).filter(({ kind }) => kind !== 'Namespace');
    const byIdentity = (list: readonly KubeObject[]) =>
      Object.fromEntries(list.map((each) => [identity(each), each]));
    expect(byIdentity(objects)).toEqual(byIdentity(rendered(overlay)));
  });

  it('builds every example', () => {
    const examples = readdirSync(join(FOLDER, 'examples')).filter((name) =>
      existsSync(join(FOLDER, 'examples', name, 'kustomization.yaml')),
    );
    expect(examples.length).toBeGreaterThan(0);
    for (const name of examples) expect(built(`examples/${name}`).length, name).toBeGreaterThan(0);
  });
});
