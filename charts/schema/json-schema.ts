/** The part of JSON Schema (draft 7, which every Helm reads) that the chart's schema is written in. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly default?: unknown;
}

/** A map that is handed to Kubernetes as it stands. */
export const anyMap: JsonSchema = { type: 'object' };
export const anyList: JsonSchema = { type: 'array' };
export const text: JsonSchema = { type: 'string' };

export const oneOf = (...values: readonly string[]): JsonSchema => ({ type: 'string', enum: values });

/** An object that refuses what it does not know. */
export function closed(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', additionalProperties: false, properties };
}

/** `schema`, or nothing. */
export function orNull(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] };
}

/** `schema` without the properties that a dotted path names. */
export function without(schema: JsonSchema, paths: readonly string[]): JsonSchema {
  const properties = { ...schema.properties };
  for (const [key, child] of Object.entries(properties)) {
    if (paths.includes(key)) delete properties[key];
    const below = paths
      .filter((path) => path.startsWith(`${key}.`))
      .map((path) => path.slice(key.length + 1));
    if (below.length > 0) properties[key] = without(child, below);
  }
  return { ...schema, properties };
}

/** `schema` with nothing required and no defaults: what lies over something else. */
export function overlay(schema: JsonSchema): JsonSchema {
  const { default: _default, ...rest } = schema as JsonSchema & { required?: unknown };
  const { required: _required, ...kept } = rest;
  if (!kept.properties) return kept;
  const properties = Object.entries(kept.properties).map(([key, child]) => [key, overlay(child)] as const);
  return { ...kept, properties: Object.fromEntries(properties) };
}

function child(schema: JsonSchema, key: string): JsonSchema | undefined {
  const { additionalProperties: others, properties } = schema;
  return properties?.[key] ?? (typeof others === 'object' ? others : undefined);
}

/** The schema at a dotted path; throws where there is none. */
export function at(schema: JsonSchema, path: string): JsonSchema {
  let found = schema;
  for (const key of path.split('.')) {
    const next = child(found, key);
    if (!next) throw new Error(`the configuration's schema has no ${path}`);
    found = next;
  }
  return found;
}
