import { ERROR_CATALOGUE, type ErrorCode } from '@millrace/core';
import { z } from 'zod';
import type { AnswerSpec, Route } from './http/route.ts';
import * as answers from './schemas/answers.ts';
import { bulkSchema, newJobSchema } from './schemas/new-job.ts';
import { queuePatchSchema } from './schemas/parameters.ts';

type Json = Record<string, unknown>;

const REQUESTS = z.registry<{ id: string }>();
REQUESTS.add(newJobSchema, { id: 'NewJob' });
REQUESTS.add(bulkSchema, { id: 'Bulk' });
REQUESTS.add(queuePatchSchema, { id: 'QueuePatch' });

const ANSWERS = z.registry<{ id: string }>();
for (const [name, schema] of Object.entries(answers)) {
  const id = name.replace(/Schema$/, '').replace(/^./, (first) => first.toUpperCase());
  ANSWERS.add(schema as z.ZodType, { id });
}

/** What any route may refuse with. */
const ANY: readonly ErrorCode[] = ['malformed', 'invalid_data', 'internal'];
/** And any that needs a token. */
const GUARDED: readonly ErrorCode[] = ['unauthorized', 'forbidden', 'too_many_failures', 'store_unavailable'];

const refOf = (id: string) => ({ $ref: `#/components/schemas/${id}` });

function plain({ $schema, $id, ...schema }: Json): Json {
  return schema;
}

function componentsOf(registry: typeof REQUESTS, io: 'input' | 'output'): Json {
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => refOf(id).$ref, io });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, plain(schema as Json)]));
}

/** A schema as it stands in the document: a reference where it has a name. */
function schemaOf(schema: z.ZodType, registry: typeof REQUESTS, io: 'input' | 'output'): Json {
  const id = registry.get(schema)?.id;
  if (id !== undefined) return refOf(id);
  if (schema instanceof z.ZodUnion) {
    return { anyOf: schema.options.map((option) => schemaOf(option as z.ZodType, registry, io)) };
  }
  return plain(z.toJSONSchema(schema, { io }) as Json);
}

function parametersOf(route: Route): Json[] {
  const listed = (place: 'path' | 'query', schema: z.ZodType | undefined) => {
    if (!(schema instanceof z.ZodObject)) return [];
    const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
    return Object.entries(properties).map(([name, property]) => ({
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      schema: property,
    }));
  };
  const headers = Object.entries(route.requestHeaders ?? {}).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
  return [...listed('path', route.params), ...listed('query', route.query), ...headers];
}

function requestBodyOf({ body, ownBodies }: Route): Json | undefined {
  if (body) {
    return { required: true, content: { 'application/json': { schema: schemaOf(body, REQUESTS, 'input') } } };
  }
  if (!ownBodies) return undefined;
  const content = Object.entries(ownBodies).map(([type, { schema, text }]) => [
    type,
    { schema: { description: text, ...schemaOf(schema, REQUESTS, 'input') } },
  ]);
  return { required: true, content: Object.fromEntries(content) };
}

function answerOf(status: number, { text, schema, headers }: AnswerSpec, { streamed }: Route): Json {
  const own = schema ? { 'application/json': { schema: schemaOf(schema, ANSWERS, 'output') } } : {};
  const stream =
    streamed?.status === status
      ? { [streamed.type]: { schema: schemaOf(streamed.schema, ANSWERS, 'output') } }
      : {};
  const content = { ...own, ...stream };
  const described = Object.entries(headers ?? {}).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ]);
  return {
    description: text,
    ...(Object.keys(content).length > 0 && { content }),
    ...(described.length > 0 && { headers: Object.fromEntries(described) }),
  };
}

/** One entry a status: several codes share one. */
function refusalsOf({ errors, role }: Route): Json {
  const codes = new Set([...errors, ...ANY, ...(role === 'anyone' ? [] : GUARDED)]);
  const byStatus = Map.groupBy(codes, (code) => ERROR_CATALOGUE[code].status);
  const entries = [...byStatus].map(([status, those]) => [
    status,
    {
      description: those.map((code) => `\`${code}\`: ${ERROR_CATALOGUE[code].title}`).join('; '),
      content: { 'application/problem+json': { schema: refOf('Problem') } },
    },
  ]);
  return Object.fromEntries(entries);
}

function operationOf(route: Route): Json {
  const requestBody = requestBodyOf(route);
  const own = Object.entries(route.answers).map(([status, spec]) => [
    status,
    answerOf(Number(status), spec, route),
  ]);
  return {
    operationId: route.id,
    summary: route.summary,
    description: route.role === 'anyone' ? 'Needs no token.' : `Needs the role ${route.role}.`,
    ...(route.role === 'anyone' ? { security: [] } : { 'x-millrace-role': route.role }),
    parameters: parametersOf(route),
    ...(requestBody && { requestBody }),
    responses: { ...refusalsOf(route), ...Object.fromEntries(own) },
  };
}

/** The OpenAPI 3.1 document of these routes, from the very schemas that they check and answer with. */
export function openApiOf(routes: readonly Route[], version: string): Json {
  const paths = [...Map.groupBy(routes, ({ path }) => path)].map(([path, those]) => [
    path,
    Object.fromEntries(those.map((route) => [route.method, operationOf(route)])),
  ]);
  return {
    openapi: '3.1.1',
    info: {
      title: 'Millrace',
      version,
      description: 'Hand in jobs, see their lives, steer queues and workers.',
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    paths: Object.fromEntries(paths),
    components: {
      schemas: { ...componentsOf(REQUESTS, 'input'), ...componentsOf(ANSWERS, 'output') },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'Without tokens configured: none is needed.' },
      },
    },
  };
}
