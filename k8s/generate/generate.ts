import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { baseFiles, type Files, overlayFiles, rulesFile } from './files.ts';
import { type KubeObject, plainManifests } from './objects.ts';
import { overlayOf } from './overlay.ts';

export const FOLDER = join(import.meta.dirname, '..');
export const OVERLAYS = ['evaluation', 'keda', 'production'] as const;

/** What the chart renders from k8s/values: the base's, and an overlay's over them. Needs helm. */
export function rendered(overlay?: (typeof OVERLAYS)[number]): KubeObject[] {
  const files = ['base', ...(overlay ? [overlay] : [])].flatMap((name) => [
    '--values',
    join(FOLDER, 'values', `${name}.yaml`),
  ]);
  const chart = join(FOLDER, '../charts/millrace');
  const text = execFileSync('helm', ['template', 'millrace', chart, '--namespace', 'millrace', ...files], {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const objects = parseAllDocuments(text).map((document) => document.toJS() as KubeObject | null);
  return plainManifests(objects.filter((object) => object !== null));
}

/** Every generated file of k8s/. */
export function generate(): Files {
  const base = rendered();
  return Object.assign(
    baseFiles(base),
    rulesFile(rendered('production')),
    ...OVERLAYS.map((name) => overlayFiles(name, overlayOf(base, rendered(name)))),
  );
}
