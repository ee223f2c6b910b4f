import { z } from 'zod';
import { ENVIRONMENT_REFERENCE } from './environment.ts';
import { configSchema } from './schema.ts';

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Row {
  readonly key: string;
  readonly takes: string;
  readonly fallback: string;
  readonly meaning: string;
}

function takes(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(' or ');
  if (schema.anyOf) return 'ms, or text like `30s`';
  const { minimum, maximum } = schema;
  const range =
    minimum === undefined
      ? ''
      : maximum === undefined || maximum > 1e15
        ? ` ≥ ${minimum}`
        : ` ${minimum} … ${maximum}`;
  return `${schema.type ?? 'any'}${range}`;
}

function rows(schema: JsonSchema, path: string): Row[] {
  const named = Object.entries(schema.properties ?? {}).flatMap(([key, child]) =>
    child.properties || typeof child.additionalProperties === 'object'
      ? rows(child, `${path}${key}.`)
      : [row(child, `${path}${key}`)],
  );
  const open = schema.additionalProperties;
  return typeof open === 'object' ? [...named, ...rows(open, `${path}<name>.`)] : named;
}

function row(schema: JsonSchema, key: string): Row {
  const fallback = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
  return { key, takes: takes(schema), fallback, meaning: schema.description ?? '' };
}

/** docs/configuration.md, made from the one schema; a test holds the file to it. */
export function configurationReference(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const table = rows(schema, '').map(
    ({ key, takes, fallback, meaning }) => `| \`${key}\` | ${takes} | ${fallback} | ${meaning} |`,
  );
  const environment = Object.entries(ENVIRONMENT_REFERENCE).map(
    ([name, meaning]) => `| \`${name}\` | ${meaning} |`,
  );
  return [
    '# Configuration',
    '',
    'Made from the schema in `packages/core/src/config/schema.ts`. Write what differs from the defaults into a YAML',
    'file and name it in `MILLRACE_CONFIG` (or `npm start -- --config FILE`). All faults are told at once.',
    '',
    '| Key | Takes | Default | Meaning |',
    '|---|---|---|---|',
    ...table,
    '',
    '## Environment',
    '',
    '| Variable | Meaning |',
    '|---|---|',
    ...environment,
    '',
  ].join('\n');
}
