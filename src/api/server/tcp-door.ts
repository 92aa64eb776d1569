import { isIP, isIPv6 } from 'node:net';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { canonicalAddress, cidrOf } from '../../core/common/address.js';
import { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { quoteText } from '../../core/common/text.js';
import { NotAuthenticated, TooMany } from './api-errors.js';
import type { Caller } from './caller.js';
import type { ApiServices } from '../facts.js';
import { buildServer, nothingThere, type Door } from './http.js';
import { ROUTES } from '../routes/all-routes.js';
import type { Route } from '../routes/route.js';
import { findToken, isExpired } from './tokens.js';

export interface TcpPlace {
  readonly address: string;
  readonly port: number;
  /** PEM; null: plain HTTP. */
  readonly tls: { readonly certificate: string; readonly key: string } | null;
}

/** What may change while it listens. */
export interface TcpRules {
  readonly readWithoutToken: boolean;
  readonly hosts: readonly string[];
  readonly requestsPerMinute: number;
}

export interface TcpDoor {
  readonly close: () => Promise<void>;
}

type Limiter = ReturnType<FastifyInstance['createRateLimit']>;

/**
 * Serves the API over TCP. Rejects with what the system says where the place cannot be listened on.
 * Every request comes past the rates, the name that it asks for, and the token, before its body is read.
 */
export async function openTcpDoor(
  place: TcpPlace,
  rules: () => TcpRules,
  services: ApiServices,
  say: (text: string) => void,
  routes: readonly Route[] = ROUTES,
): Promise<TcpDoor> {
  const server = await buildTcpServer(place, rules, services, say, routes);
  server.server.maxConnections = LIMITS.apiConnectionsMax;
  try {
    await server.listen({
      host: place.address,
      port: place.port,
      ipv6Only: isIPv6(place.address),
      exclusive: true,
    });
  } catch (error) {
    await server.close();
    throw error;
  }
  return {
    close: async () => {
      // Streams have no end of their own, and an idle browser keeps its connection.
      server.server.closeAllConnections();
      await server.close();
    },
  };
}

/** The same, where nothing listens yet. */
export function buildTcpServer(
  place: TcpPlace,
  rules: () => TcpRules,
  services: ApiServices,
  say: (text: string) => void,
  routes: readonly Route[] = ROUTES,
): Promise<FastifyInstance> {
  const made: { refusals: Limiter | null } = { refusals: null };
  const door: Door = {
    identify: (request) => identify(request, services),
    localReads: () => rules().readWithoutToken,
    open: true,
    refuse: async (request, caller, route) => {
      const counted = await made.refusals?.(request);
      if (counted?.isAllowed === false && counted.isExceeded) throw tooMany();
      return caller.kind === 'token'
        ? notAllowed(caller.name, caller.scope, route.right)
        : needsToken(route.right);
    },
  };
  return buildServer({ services, routes, door, say }, serverOptions(place), (each) =>
    guard(each, place, rules, made),
  );
}

const serverOptions = ({ tls }: TcpPlace) => {
  const limits = { maxHeaderSize: LIMITS.apiHeaderBytesMax };
  return {
    // Nothing passes either way: long enough for a job that was asked to run.
    connectionTimeout: LIMITS.tcpIdleMsMax,
    keepAliveTimeout: LIMITS.controlRequestMsMax,
    ...(tls === null
      ? { http: limits }
      : { https: { ...limits, cert: tls.certificate, key: tls.key } }),
  };
};

/** What stands before the routes: headers of the answer, rates, and the names that are asked for. */
async function guard(
  server: FastifyInstance,
  place: TcpPlace,
  rules: () => TcpRules,
  made: { refusals: Limiter | null },
): Promise<void> {
  await server.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: place.tls === null ? false : { maxAge: 31_536_000 },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  });
  await server.register(rateLimit, {
    global: true,
    max: () => rules().requestsPerMinute,
    timeWindow: '1 minute',
    cache: LIMITS.apiSourcesMax,
    keyGenerator: sourceOf,
    errorResponseBuilder: () => tooMany(),
  });
  made.refusals = server.createRateLimit({
    max: LIMITS.apiRefusedPerMinuteMax,
    timeWindow: '1 minute',
    keyGenerator: sourceOf,
  });
  server.addHook('onRequest', (request, _reply, done) => {
    const refusal = refuseName(request, rules().hosts);
    if (refusal === null) done();
    else done(refusal);
  });
  server.setNotFoundHandler({ preHandler: server.rateLimit() }, () => {
    throw nothingThere();
  });
}

/** Who counts as one: an address, of IPv6 the /64 that one host has. */
function sourceOf({ ip }: FastifyRequest): string {
  const address = canonicalAddress(ip) ?? ip;
  return address.includes(':') ? (cidrOf(address, 64)?.text ?? address) : address;
}

/**
 * A page of a stranger can make a browser on this host ask us under a name of its own (DNS rebinding),
 * and post to us from there. Nobody rebinds an address.
 */
function refuseName({ headers }: FastifyRequest, hosts: readonly string[]): AgentError | null {
  const host = headers.host ?? '';
  if (!isOurName(hostOf(`http://${host}`), hosts)) {
    return new AgentError(
      'API_DENIED',
      `the API is not known as ${quoteText(host)}`,
      'ask it by its address, or add the name to `api_hosts`',
    );
  }
  const { origin } = headers;
  if (origin === undefined || hostAndPortOf(origin) === host.toLowerCase()) return null;
  return new AgentError(
    'API_DENIED',
    `a page of ${quoteText(origin)} may not use this API`,
    'ask it from a program, or from a page of its own',
  );
}

const isOurName = (name: string | null, hosts: readonly string[]): boolean =>
  name !== null &&
  (name === 'localhost' || isIP(name.replace(/^\[|\]$/g, '')) !== 0 || hosts.includes(name));

function hostOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).hostname.toLowerCase() : null;
}

function hostAndPortOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host.toLowerCase() : null;
}

function identify(request: FastifyRequest, { facts }: ApiServices): Caller {
  const text = tokenOf(request);
  if (text !== null) {
    const token = findToken(facts.tokens(), text);
    if (token === null || isExpired(token, facts.nowUs())) return { kind: 'stranger' };
    return { kind: 'token', name: token.name, scope: token.scope };
  }
  return isLocal(request) ? { kind: 'local' } : { kind: 'stranger' };
}

function tokenOf({ headers }: FastifyRequest): string | null {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  // Other ways to log in are not ours: who tries one is no guest of this host.
  if (headers.authorization !== undefined) return '';
  const key = headers['x-api-key'];
  return typeof key === 'string' ? key : null;
}

/** What a proxy on this host hands on comes from anywhere. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via', 'x-forwarded-host'];

function isLocal({ ip, headers }: FastifyRequest): boolean {
  if (FORWARDED.some((name) => headers[name] !== undefined)) return false;
  const address = canonicalAddress(ip);
  return address !== null && (address === '::1' || address.startsWith('127.'));
}

const tooMany = (): AgentError =>
  new TooMany(
    'API_BUSY',
    'too many requests in a minute',
    'ask less often, or raise `api_requests_per_minute`',
  );

const needsToken = (right: string): AgentError =>
  right === 'host'
    ? new AgentError('API_DENIED', 'that is done on the host alone', 'type the command there')
    : new NotAuthenticated(
        'API_DENIED',
        `that takes a token of the scope ${right}, which is in force`,
        'send `Authorization: Bearer TOKEN`; `sentrypeer-agent token create` makes one',
      );

const notAllowed = (name: string, scope: string, right: string): AgentError =>
  right === 'host'
    ? needsToken(right)
    : new AgentError(
        'API_DENIED',
        `the token ${name} is of the scope ${scope}, and that takes ${right}`,
        `make one that may: \`sentrypeer-agent token create NAME --scope ${right}\``,
      );
