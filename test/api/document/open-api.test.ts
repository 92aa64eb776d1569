import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeRoutes } from '../../../src/api/document/open-api.js';
import { ROUTES } from '../../../src/api/routes/all-routes.js';
import { makeRig } from '../rig.js';

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: Schema;
}
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { content: { 'application/json': { schema: Schema } } };
  readonly responses: Readonly<Record<string, unknown>>;
}

const document = describeRoutes(ROUTES, '1.2.3');
const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, Operation>>>>;
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe('the OpenAPI document', () => {
  it('is one, of version 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect({ valid, errors }).toMatchObject({ valid: true });
    expect(document['openapi']).toBe('3.1.0');
  });

  it('names every route but those of the host, and no other', () => {
    const served = ROUTES.filter(({ right }) => right !== 'host').map(
      ({ method, path }) => `${method.toLowerCase()} ${path}`,
    );
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(served.sort());
  });

  it('is a page as well, without script or markup of its own words', async () => {
    const { ask } = await makeRig();
    const { status, text, headers } = await ask('/api/docs');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(text).not.toMatch(/<script|style="| on\w+=|https?:/);
    for (const { path } of operations) expect(text).toContain(path);
    const again = await ask('/api/docs', { headers: { 'if-none-match': String(headers['etag']) } });
    expect({ status: again.status, text: again.text }).toEqual({ status: 304, text: '' });
  });
});

/** What fits a schema, and what does not. */
function valueOf(schema: Schema): fc.Arbitrary<unknown> {
  const odd = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.integer(),
    fc.constant(null),
  );
  const fitting = fittingOf(schema);
  return fc.oneof({ arbitrary: fitting, weight: 4 }, { arbitrary: odd, weight: 1 });
}

const WORDS = ['203.0.113.7', '::1', '2001:db8::/64', '0.0.0.0/0', '4h', '2026-01-01', '+44207'];

function fittingOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(fittingOf));
  const types = [schema.type ?? 'string'].flat();
  return fc.oneof(...types.map((type) => ofType(type, schema)));
}

function ofType(type: string, schema: Schema): fc.Arbitrary<unknown> {
  switch (type) {
    case 'integer':
    case 'number':
      return fc.integer({
        min: Math.max(schema.minimum ?? -5, -5),
        max: Math.min(schema.maximum ?? 2_000, 2_000),
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valueOf(schema.items ?? {}), { maxLength: 3 });
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(
        ([name, each]) => [name, valueOf(each)] as const,
      );
      return fc.record(Object.fromEntries(fields), { requiredKeys: [] });
    }
    default:
      return fc.oneof(fc.constantFrom(...WORDS), fc.string({ unit: 'binary', maxLength: 70 }));
  }
}

describe('whatever fits the document, or nearly', () => {
  const asked = operations.filter(({ path }) => path !== '/api/v1/events/stream');

  it('is answered, never with a fault, and as the document says', async () => {
    const { ask, said, tokens } = await makeRig();
    const question = fc.constantFrom(...asked).chain(({ path, method, operation }) => {
      const { parameters = [], requestBody } = operation;
      const values = fc.tuple(...parameters.map(({ schema }) => valueOf(schema)));
      const body = requestBody?.content['application/json'].schema;
      const left = fc.array(fc.boolean(), {
        minLength: parameters.length,
        maxLength: parameters.length,
      });
      return fc.record({
        path: fc.constant(path),
        method: fc.constant(method),
        operation: fc.constant(operation),
        values,
        left,
        body: body === undefined ? fc.constant(undefined) : valueOf(body),
      });
    });
    await fc.assert(
      fc.asyncProperty(question, async ({ path, method, operation, values, left, body }) => {
        const { parameters = [] } = operation;
        const words = parameters.map((each, at) => ({
          ...each,
          text: String(values[at]),
          leave: left[at],
        }));
        const url = words
          .filter((each) => each.in === 'path')
          .reduce((all, { name, text }) => all.replace(`{${name}}`, encode(text)), path);
        const query = words
          .filter((each) => each.in === 'query' && (each.required || each.leave !== true))
          .map(({ name, text }) => `${name}=${encode(text)}`);
        const { status } = await ask(query.length === 0 ? url : `${url}?${query.join('&')}`, {
          method: method.toUpperCase() as 'GET',
          headers: { authorization: `Bearer ${tokens.admin}`, 'content-type': 'application/json' },
          ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
        });
        // A fault, or a way to answer that nobody was told of.
        expect(['200', ...Object.keys(operation.responses)]).toContain(String(status));
        expect(status).not.toBe(500);
      }),
      { numRuns: 1_500 },
    );
    expect(said.filter((line) => line.startsWith('a request failed'))).toEqual([]);
  }, 60_000);
});

/** Halves of a pair have no place in a URL. */
const encode = (text: string): string => encodeURIComponent(text.replace(/\p{Cs}/gu, '?'));
