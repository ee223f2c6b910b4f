import { configSchema } from '@millrace/core';
import { parse } from 'yaml';
import { z } from 'zod';
import { type ValueComment, valueComments } from './comments.ts';
import { anyList, anyMap, closed, type JsonSchema, overlay } from './json-schema.ts';
import { ownPart, PASSED_ON, podPart } from './own-part.ts';

/** Pods of these get what `defaults` says. */
const COMPONENTS = ['producer', 'supervisor', 'worker', 'store.evaluation', 'jaeger'];
/** A part of names of objects, and a label's value. */
const POOL_NAME = '^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$';

interface Sources {
  readonly comments: ReadonlyMap<string, ValueComment>;
  readonly own: ReadonlyMap<string, JsonSchema>;
}

/** The schema of what a default looks like. An empty map or list says nothing of what it holds. */
function inferred(value: unknown, path: string, sources: Sources): JsonSchema {
  if (Array.isArray(value)) return anyList;
  if (typeof value === 'string') return { type: 'string' };
  if (typeof value === 'boolean') return { type: 'boolean' };
  if (typeof value === 'number') return { type: Number.isInteger(value) ? 'integer' : 'number' };
  if (value === null) {
    throw new Error(`values.yaml: ${path} is null; say in own-part.ts what it takes`);
  }
  const entries = Object.entries(value as object);
  if (entries.length === 0) return anyMap;
  return closed(
    Object.fromEntries(entries.map(([key, child]) => [key, schemaOf(child, [path, key].join('.'), sources)])),
  );
}

function schemaOf(value: unknown, dotted: string, sources: Sources): JsonSchema {
  const path = dotted.replace(/^\./, '');
  const key = path.split('.').at(-1) ?? '';
  const description = sources.comments.get(path)?.text;
  const schema = sources.own.get(path) ?? PASSED_ON[key] ?? inferred(value, path, sources);
  return description === undefined ? schema : { ...schema, description };
}

/** `properties` added to the object at `path`, where it does not have them. */
function added(
  schema: JsonSchema,
  path: string,
  properties: Readonly<Record<string, JsonSchema>>,
): JsonSchema {
  const [key = '', ...rest] = path.split('.');
  if (path === '') return { ...schema, properties: { ...properties, ...schema.properties } };
  const child = added(schema.properties?.[key] ?? {}, rest.join('.'), properties);
  return { ...schema, properties: { ...schema.properties, [key]: child } };
}

function requireAt(values: unknown, path: string): void {
  let found = values;
  for (const key of path.split('.')) {
    if (typeof found !== 'object' || found === null || !(key in found)) {
      throw new Error(`own-part.ts speaks of ${path}, which is not in values.yaml`);
    }
    found = (found as Record<string, unknown>)[key];
  }
}

/** The configuration file's JSON Schema, as one writes it: defaults may be left out. */
export function configJsonSchema(): JsonSchema {
  return z.toJSONSchema(configSchema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
  }) as JsonSchema;
}

/**
 * `values.schema.json`: the shape of values.yaml, closed; the configuration's own schema where values go into the
 * configuration file; and what no default can show. Throws where a default leaves open what a value takes.
 */
export function valuesSchema(valuesText: string): JsonSchema {
  const sources = { comments: valueComments(valuesText), own: ownPart(configJsonSchema()) };
  const values: unknown = parse(valuesText);
  for (const path of sources.own.keys()) requireAt(values, path);
  let schema = schemaOf(values, '', sources);
  const everyPod = podPart(schema.properties?.defaults ?? {});
  for (const component of COMPONENTS) schema = added(schema, component, everyPod);
  const pool = overlay(schema.properties?.worker ?? {});
  const workerPools: JsonSchema = {
    type: 'object',
    description: sources.comments.get('workerPools')?.text ?? '',
    patternProperties: { [POOL_NAME]: pool },
    additionalProperties: false,
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart millrace',
    ...schema,
    properties: { ...schema.properties, workerPools },
  };
}
