import { z } from 'zod';
import { ANSWER_SCHEMAS, ERROR_SCHEMA } from './answer-schemas.js';
import type { Route } from '../routes/route.js';

type Json = Readonly<Record<string, unknown>>;

const ERRORS: readonly (readonly [string, string])[] = [
  ['400', 'the request is wrong; the message says where'],
  ['401', 'a token is needed, or this one is none'],
  ['403', 'the token does not allow this; or the name or page that asks is not known'],
  ['404', 'it is not there'],
  ['409', 'a protected peer stands against it'],
  ['429', 'too many requests in a minute'],
  ['503', 'too much to do just now'],
];

/** The OpenAPI 3.1 document of these routes. What only the host may do is not in it. */
export function describeRoutes(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes.filter(({ right }) => right !== 'host')) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  }
  const names = Object.keys(ANSWER_SCHEMAS) as (keyof typeof ANSWER_SCHEMAS)[];
  return {
    openapi: '3.1.0',
    info: {
      title: 'sentrypeer-agent',
      version,
      description: 'What the trap saw, who is blocked and why. See docs/API.md.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { key: [] }, {}],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        key: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
      },
      schemas: Object.fromEntries([
        ...names.map((name) => [name, schemaOf(ANSWER_SCHEMAS[name])]),
        ['error', schemaOf(ERROR_SCHEMA)],
      ]) as Json,
    },
  };
}

function operationOf(route: Route): Json {
  const parameters = [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query')];
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replace(/[^A-Za-z0-9]+/g, '_')}`,
    summary: route.summary,
    ...(route.detail !== '' && { description: route.detail }),
    'x-scope': route.right,
    ...(route.right === 'open' && { security: [{}] }),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body !== null && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: schemaOf(route.body, 'input') } },
      },
    }),
    responses: {
      [statusOf(route)]: { description: 'the answer', content: contentOf(route) },
      ...Object.fromEntries(
        ERRORS.map(([status, description]) => [
          status,
          { description, content: contentOfError(route, status) },
        ]),
      ),
    },
  };
}

/** A change that answers with another status always does so. */
const statusOf = ({ method, statusOf: status }: Route): string =>
  String(method === 'POST' && status !== null ? status({}) : 200);

function contentOf({ answer }: Route): Json {
  switch (answer.kind) {
    case 'json':
      return { 'application/json': { schema: refTo(answer.name) } };
    case 'text':
    case 'list':
      return Object.fromEntries(answer.types.map((type) => [type, { schema: { type: 'string' } }]));
    case 'stream':
      return { 'text/event-stream': { schema: { type: 'string' } } };
  }
}

/** A health check tells what is wrong by its own answer. */
const contentOfError = ({ answer, speaks }: Route, status: string): Json => ({
  'application/json': {
    schema:
      speaks === 'crowdsec'
        ? MESSAGE
        : status === '503' && answer.kind === 'json' && answer.name === 'health'
          ? refTo('health')
          : refTo('error'),
  },
});

const MESSAGE = { type: 'object', properties: { message: { type: 'string' } } };

const refTo = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

function parametersOf(schema: z.ZodObject | null, where: 'path' | 'query'): Json[] {
  if (schema === null) return [];
  return Object.entries<z.core.$ZodType>(schema.shape).map(([name, each]) => {
    const { description, ...rest } = schemaOf(each);
    return {
      name,
      in: where,
      required: where === 'path' || !z.safeParse(each, undefined).success,
      ...(description !== undefined && { description }),
      schema: rest,
    };
  });
}

/** JSON Schema 2020-12, which is that of OpenAPI 3.1. Fields may be added to an answer. */
function schemaOf(schema: z.core.$ZodType, io: 'input' | 'output' = 'output'): Json {
  const made = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (io === 'output') delete jsonSchema.additionalProperties;
    },
  });
  // The document itself says which one it is.
  const parts = Object.entries(made as Record<string, unknown>);
  return Object.fromEntries(parts.filter(([name]) => name !== '$schema'));
}
