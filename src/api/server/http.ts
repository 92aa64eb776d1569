import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  type RequestPayload,
} from 'fastify';
import type { z } from 'zod';
import { AgentError, messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { quoteText } from '../../core/common/text.js';
import { errorAnswer } from './api-errors.js';
import { may, nameOf, type Caller } from './caller.js';
import type { ApiServices } from '../facts.js';
import { createListMoments, type ListAnswer } from '../lists/lists.js';
import { sinkOf } from './stream-sink.js';
import { createSharedAnswers, type SharedAnswers } from './shared-answers.js';
import type { Route, TextAnswer } from '../routes/route.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    route?: Route;
  }
  interface FastifyRequest {
    caller: Caller | null;
  }
}

/** zod reads what is asked: fastify's own compilers of schemas would be loaded at each start for nothing. */
const NO_SCHEMAS = {
  compilersFactory: {
    buildValidator: () => refuseSchema,
    buildSerializer: () => refuseSchema,
  },
};

function refuseSchema(): never {
  throw new Error('no route has a schema');
}

/** One way in: who comes through it, and what he may do. */
export interface Door {
  /** Who asks; throws API_DENIED where that is told wrongly. */
  readonly identify: (request: FastifyRequest) => Caller;
  /** Callers of kind `local` need no token to read. */
  readonly localReads: () => boolean;
  /** Others come in here: nothing of the inside is told, and changes are noted. */
  readonly open: boolean;
  /** Thrown where a caller may not. */
  readonly refuse: (request: FastifyRequest, caller: Caller, route: Route) => Promise<AgentError>;
}

export interface ServerParts {
  readonly services: ApiServices;
  readonly routes: readonly Route[];
  readonly door: Door;
  readonly say: (text: string) => void;
}

/** What the routes of one server have in common. */
interface Common extends ServerParts {
  readonly shared: SharedAnswers;
  readonly momentOf: ReturnType<typeof createListMoments>;
}

/**
 * The one server, for whichever door. Nothing listens yet. `prepare` gets it before it has routes, for
 * what must be there first.
 */
export async function buildServer(
  parts: ServerParts,
  options: FastifyServerOptions = {},
  prepare: (server: FastifyInstance) => Promise<void> = setNothingThere,
): Promise<FastifyInstance> {
  const { door, say, routes } = parts;
  const server = Fastify({
    logger: false,
    schemaController: NO_SCHEMAS,
    bodyLimit: LIMITS.controlBodyBytesMax,
    requestTimeout: LIMITS.controlRequestMsMax,
    ...options,
  });
  // A page of a stranger may send this kind without asking; there is nothing of it that we take.
  server.removeContentTypeParser('text/plain');
  server.decorateRequest('caller', null);
  server.setErrorHandler((error, request, reply) => {
    const { status, body, fault } = errorAnswer(error, door.open);
    if (fault !== null) say(`a request failed: ${request.method} ${routeOf(request)}: ${fault}`);
    if (request.routeOptions.config.route?.speaks === 'crowdsec') {
      // To CrowdSec's clients 401 is something else: to log in anew.
      void reply.status(status === 401 ? 403 : status).send({ message: body.error.message });
      return;
    }
    void reply.status(status).send(body);
  });
  await prepare(server);
  // After the rates were looked at, before a body is read.
  server.addHook('preParsing', async (request, _reply, payload) => {
    await letIn(request, door);
    return request.routeOptions.config.route?.speaks === 'crowdsec'
      ? leaveUnread(payload)
      : payload;
  });
  const common = {
    ...parts,
    shared: createSharedAnswers(LIMITS.apiSharedAnswersMax, () => performance.now()),
    momentOf: createListMoments(LIMITS.apiListsKnownMax),
  };
  for (const route of routes) addRoute(server, route, common);
  return server;
}

function setNothingThere(server: FastifyInstance): Promise<void> {
  server.setNotFoundHandler(() => {
    throw nothingThere();
  });
  return Promise.resolve();
}

export const nothingThere = (): AgentError =>
  new AgentError('NOT_FOUND', 'there is nothing of this path', 'see docs/API.md, or /api/docs');

const routeOf = (request: FastifyRequest): string =>
  request.routeOptions.config.route?.path ?? quoteText(request.url);

async function letIn(request: FastifyRequest, door: Door): Promise<void> {
  const { route } = request.routeOptions.config;
  // What is not there is told to anybody.
  if (route === undefined) return;
  const caller = door.identify(request);
  request.caller = caller;
  if (!may(caller, route.right, door.localReads())) throw await door.refuse(request, caller, route);
}

/** What was sent, packed or not, is let go; an empty body stands for it. */
function leaveUnread(payload: RequestPayload): RequestPayload {
  let read = 0;
  const drain = async function* () {
    for await (const bytes of payload) read += (bytes as Buffer).length;
    yield '{}';
  };
  return Object.defineProperty(Readable.from(drain()), 'receivedEncodedLength', {
    get: () => read,
  });
}

function addRoute(server: FastifyInstance, route: Route, common: Common): void {
  server.route({
    method: route.method,
    url: route.path.replace(/\{(\w+)\}/g, ':$1'),
    exposeHeadRoute: route.follow === null,
    config: { route },
    handler: async (request, reply) => {
      const { caller } = request;
      if (caller === null) throw new Error('nobody has looked who asks');
      if (route.follow !== null) return follow(route, common, request, reply);
      const made = await answer(route, common, request, caller);
      if (made.kind === 'text') return sendText(made, request, reply);
      if (made.kind === 'list') return sendList(made, common, request, reply);
      void reply.status(route.statusOf?.(made.value) ?? 200);
      return made.bytes === null
        ? reply.send(made.value)
        : reply.header('content-type', 'application/json; charset=utf-8').send(made.bytes);
    },
  });
}

type Made =
  /** `bytes`: the same as JSON, written once for all who share it; null: nobody does. */
  | { readonly kind: 'json'; readonly value: unknown; readonly bytes: Buffer | null }
  | { readonly kind: 'text'; readonly text: TextAnswer; readonly tag: string }
  | { readonly kind: 'list'; readonly key: string; readonly list: ListAnswer };

async function answer(
  route: Route,
  { services, door, say, shared }: Common,
  request: FastifyRequest,
  caller: Caller,
): Promise<Made> {
  const params = route.params === null ? {} : read('path', route.params, request.params);
  const query = route.query === null ? {} : read('query', route.query, request.query);
  const body = route.body === null ? null : read('body', route.body, request.body);
  const saysJson = /^application\/json\b/i.test(request.headers['content-type'] ?? '');
  const key = `${route.path} ${JSON.stringify([params, query, saysJson])}`;
  const make = async (): Promise<Made> => {
    // The schemas of this very route have made them.
    const { ip: from } = request;
    const input = { params, query, body, caller, saysJson, from } as never;
    const value = await route.handle(services, input);
    // By getList, and below by getText.
    if (route.answer.kind === 'list') return { kind: 'list', key, list: value as ListAnswer };
    if (route.answer.kind !== 'text') {
      const bytes = route.freshMs === null ? null : Buffer.from(JSON.stringify(value));
      return { kind: 'json', value, bytes };
    }
    const text = value as TextAnswer;
    return { kind: 'text', text, tag: tagOf(text.text) };
  };
  if (route.freshMs !== null) {
    return shared.get(key, route.freshMs, make);
  }
  const audit = (outcome: string): void => {
    if (!door.open || route.method === 'GET' || route.speaks === 'crowdsec') return;
    const asked = quoteText(JSON.stringify(body ?? Object.assign({}, params, query)));
    say(
      `api: ${nameOf(caller)} from ${request.ip}: ${route.method} ${route.path} ${asked}: ${outcome}`,
    );
  };
  try {
    const made = await make();
    audit('done');
    return made;
  } catch (error) {
    audit(`refused: ${quoteText(messageOf(error))}`);
    throw error;
  }
}

const tagOf = (text: string): string =>
  `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;

async function sendText(
  {
    text: { type, text, status = 200, cacheControl, contentPolicy },
    tag,
  }: Extract<Made, { kind: 'text' }>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  // As bytes, of which nobody says that they are UTF-8 unless the route does.
  const bytes = Buffer.from(text);
  void reply.header('content-type', type);
  if (status !== 200) return reply.status(status).send(bytes);
  void reply.header('etag', tag).header('cache-control', cacheControl ?? 'no-cache');
  if (contentPolicy !== undefined) void reply.header('content-security-policy', contentPolicy);
  if (isKnown(request, tag)) return reply.status(304).send();
  return reply.send(bytes);
}

function isKnown({ headers }: FastifyRequest, tag: string): boolean {
  const known = (headers['if-none-match'] ?? '').split(',').map((each) => each.trim());
  return known.some((each) => each === tag || each === `W/${tag}` || each === '*');
}

/** Page by page, as fast as the client takes them; one that cannot be read cuts the answer off. */
async function sendList(
  { key, list }: Extract<Made, { kind: 'list' }>,
  { services, momentOf }: Common,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const pages = () => reply.send(Readable.from(request.method === 'HEAD' ? [] : list.pages()));
  void reply.header('cache-control', 'no-cache').header('content-type', list.type);
  if (list.tag === null) return pages();
  const tag = `"${list.tag}"`;
  const changedMs = momentOf(key, tag, services.facts.nowUs() / 1_000) * 1_000;
  void reply.header('etag', tag).header('last-modified', new Date(changedMs).toUTCString());
  // RFC 9110, 13.2.2: the time counts only where there is no tag.
  const { 'if-none-match': tags, 'if-modified-since': since = '' } = request.headers;
  if (tags === undefined ? Date.parse(since) >= changedMs : isKnown(request, tag)) {
    return reply.status(304).send();
  }
  return pages();
}

/** Hands the connection to the stream; the answer has no end. */
function follow(
  route: Route,
  { services }: ServerParts,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const asked = request.headers['last-event-id'];
  const lastId = typeof asked === 'string' && /^\d{1,15}$/.test(asked) ? Number(asked) : null;
  const sink = sinkOf(request, reply);
  const stop = route.follow?.(services, sink.out, lastId) ?? null;
  if (stop === null) {
    throw new AgentError(
      'API_BUSY',
      `there are ${LIMITS.apiStreamsMax} streams of events already`,
      'close one that nobody looks at',
    );
  }
  sink.begin(stop);
  return reply;
}

/** `scope: Invalid option: expected one of "all"|"sip"`. */
const describeIssue = ({ path, message }: z.core.$ZodIssue): string =>
  path.length === 0 ? message : `${path.join('.')}: ${message}`;

function read(where: string, schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const problem = parsed.error.issues.map(describeIssue).join('; ');
  throw new AgentError(
    'USAGE',
    `${where} of the request: ${quoteText(problem, 500)}`,
    'see docs/API.md, or /api/docs for the shapes',
  );
}
