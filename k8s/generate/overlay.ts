import { identity, isMap, type Json, type KubeObject } from './objects.ts';

/** One step of a JSON patch (RFC 6902). */
export interface PatchStep {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: Json;
}

/** What an overlay says of an object of the base. */
export interface ObjectPatch {
  readonly target: KubeObject;
  readonly steps: readonly PatchStep[];
}

/** How to come from the base to another rendering of the chart. */
export interface Overlay {
  readonly resources: readonly KubeObject[];
  readonly patches: readonly ObjectPatch[];
  /** Objects of the base that the overlay takes away. */
  readonly removed: readonly KubeObject[];
}

const pointer = (path: string, key: string) => `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;

function mapSteps(before: Record<string, Json>, after: Record<string, Json>, path: string): PatchStep[] {
  const gone = Object.keys(before)
    .filter((key) => !(key in after))
    .map((key) => ({ op: 'remove' as const, path: pointer(path, key) }));
  const rest = Object.entries(after).flatMap(([key, value]): PatchStep[] => {
    const at = pointer(path, key);
    const old = before[key];
    return old === undefined ? [{ op: 'add', path: at, value }] : patchSteps(old, value, at);
  });
  return [...gone, ...rest];
}

/** Place by place; what is left over is appended, or taken away from the end. */
function listSteps(before: readonly Json[], after: readonly Json[], path: string): PatchStep[] {
  const common = before
    .slice(0, after.length)
    .flatMap((old, at) => patchSteps(old, after[at] as Json, `${path}/${at}`));
  const added = after.slice(before.length).map((value) => ({ op: 'add' as const, path: `${path}/-`, value }));
  const gone = before
    .slice(after.length)
    .map((_, at) => ({ op: 'remove' as const, path: `${path}/${after.length + at}` }));
  return [...common, ...gone.reverse(), ...added];
}

/** Steps from `before` to `after`. */
export function patchSteps(before: Json, after: Json, path = ''): PatchStep[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (isMap(before) && isMap(after)) return mapSteps(before, after, path);
  if (Array.isArray(before) && Array.isArray(after)) return listSteps(before, after, path);
  return [{ op: 'replace', path, value: after }];
}

/** The overlay that turns `base` into `variant`. */
export function overlayOf(base: readonly KubeObject[], variant: readonly KubeObject[]): Overlay {
  const before = new Map(base.map((object) => [identity(object), object]));
  const after = new Map(variant.map((object) => [identity(object), object]));
  const patches = [...before].flatMap(([id, target]): ObjectPatch[] => {
    const changed = after.get(id);
    if (changed === undefined) return [];
    const steps = patchSteps(target as unknown as Json, changed as unknown as Json);
    return steps.length === 0 ? [] : [{ target, steps }];
  });
  return {
    resources: variant.filter((object) => !before.has(identity(object))),
    patches,
    removed: base.filter((object) => !after.has(identity(object))),
  };
}
