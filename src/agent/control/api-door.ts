import { isIP } from 'node:net';
import type { ApiServices } from '../../api/facts.js';
import type { Route } from '../../api/routes/route.js';
import type { TcpDoor, TcpPlace, TcpRules } from '../../api/server/tcp-door.js';
import type { LoadedSettings } from '../../config/load.js';
import type { Settings } from '../../config/schema.js';
import { AgentError, messageOf } from '../../core/common/errors.js';
import { systemCode } from '../../store/database/files.js';
import { readMaterial } from '../certificate/certificate-files.js';
import type { AgentContext, ApiKeeper } from '../agent-context.js';

type ApiSettings = Pick<
  Settings,
  | 'apiEnabled'
  | 'apiAddress'
  | 'apiPort'
  | 'apiReadWithoutToken'
  | 'apiHosts'
  | 'apiCertificateFile'
  | 'apiKeyFile'
  | 'apiWithoutTls'
  | 'apiRequestsPerMinute'
  | 'legacyApiPort'
>;

/** One of the two doors: our own routes, and those that SentryPeer has. */
interface DoorKind {
  readonly name: string;
  readonly portKey: 'api_port' | 'legacy_api_port';
  /** Null: it is not to be open. */
  readonly portOf: (settings: ApiSettings) => number | null;
  /** Where one of these keys is given, the door was asked for by name. */
  readonly askedBy: readonly string[];
  /** Loaded with the door; null: our own. */
  readonly routes: () => Promise<readonly Route[] | undefined>;
}

const OWN: DoorKind = {
  name: 'HTTP API',
  portKey: 'api_port',
  portOf: ({ apiEnabled, apiPort }) => (apiEnabled ? apiPort : null),
  askedBy: ['enable_api', 'api_address', 'api_port', 'api_tls_certificate_file'],
  routes: () => Promise.resolve(undefined),
};

const SENTRYPEERS: DoorKind = {
  name: "SentryPeer's HTTP API",
  portKey: 'legacy_api_port',
  portOf: ({ apiEnabled, legacyApiPort }) =>
    apiEnabled && legacyApiPort !== 0 ? legacyApiPort : null,
  askedBy: ['legacy_api_port'],
  routes: async () => (await import('../../api/routes/sentrypeer-routes.js')).SENTRYPEER_ROUTES,
};

/**
 * Throws API_UNSAFE where the settings would let others in without a token that is in force, or let
 * tokens pass in clear text.
 */
export function refuseUnsafe(
  settings: ApiSettings,
  tokens: AgentContext['tokens'],
  nowUs: number,
): void {
  const { apiEnabled, apiAddress, apiWithoutTls, apiCertificateFile } = settings;
  if (!apiEnabled || isLoopback(apiAddress)) return;
  const anyToken = tokens.some(({ expiresAtUs }) => expiresAtUs === null || expiresAtUs > nowUs);
  if (!anyToken) {
    throw new AgentError(
      'API_UNSAFE',
      `api_address = ${apiAddress}: others reach that address, and there is no token that they could need`,
      'type `sentrypeer-agent token create NAME` first, or set `api_address = 127.0.0.1`',
    );
  }
  if (apiCertificateFile === null && !apiWithoutTls) {
    throw new AgentError(
      'API_UNSAFE',
      `api_address = ${apiAddress}: without TLS, whoever listens on the way reads the tokens`,
      'name a certificate in `api_tls_certificate_file`, set `api_address = 127.0.0.1` behind a ' +
        'proxy, or `api_without_tls = true` where the network is your own',
    );
  }
}

const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');

/** Both doors as one: where the API is, is told by that of our own routes. */
export async function keepApi(context: AgentContext, services: ApiServices): Promise<ApiKeeper> {
  const own = await keepDoor(OWN, context, services);
  try {
    const other = await keepDoor(SENTRYPEERS, context, services);
    return {
      follow: async () => {
        await own.follow();
        await other.follow();
      },
      url: own.url,
      close: async () => {
        await own.close();
        await other.close();
      },
    };
  } catch (error) {
    await own.close();
    throw error;
  }
}

/**
 * Opens the door that the settings ask for. Rejects with PORT_IN_USE, PORT_DENIED,
 * ADDRESS_UNAVAILABLE, CERTIFICATE_INVALID or API_UNSAFE where the API was asked for by name; where it
 * is on by default alone, what keeps it from opening is said, for the trap matters more.
 */
async function keepDoor(
  kind: DoorKind,
  context: AgentContext,
  services: ApiServices,
): Promise<ApiKeeper> {
  const { log, nowUs } = context;
  let open: { door: TcpDoor; place: TcpPlace } | null = null;
  const rules = (): TcpRules => {
    const { settings } = context.loaded;
    return {
      readWithoutToken: settings.apiReadWithoutToken,
      hosts: settings.apiHosts.map((name) => name.toLowerCase()),
      requestsPerMinute: settings.apiRequestsPerMinute,
    };
  };

  const shut = async (): Promise<void> => {
    const before = open;
    open = null;
    await before?.door.close();
  };

  const follow = async (): Promise<void> => {
    const { settings } = context.loaded;
    const port = kind.portOf(settings);
    if (port === null) {
      await shut();
      return;
    }
    refuseUnsafe(settings, context.tokens, nowUs());
    const place = await placeOf(settings, port);
    if (open !== null && same(open.place, place)) return;
    // Another place is opened before the old one is left; the same place must be free first.
    const before = open !== null && overlapping(open.place, place) ? open.place : null;
    if (before !== null) await shut();
    try {
      const door = await openAt(kind, place, rules, services, log.say);
      await shut();
      open = { door, place };
    } catch (error) {
      if (before !== null) {
        open = { door: await openAt(kind, before, rules, services, log.say), place: before };
      }
      throw error;
    }
  };

  try {
    await follow();
  } catch (error) {
    if (isAskedFor(kind, context.loaded) || !(error instanceof AgentError)) throw error;
    log.say(`the ${kind.name} is not open: ${error.message} (${error.remedy})`);
  }
  return {
    follow,
    url: () => (open === null ? null : urlOf(open.place)),
    close: shut,
  };
}

const isAskedFor = ({ askedBy }: DoorKind, { origins }: LoadedSettings): boolean =>
  askedBy.some((id) => (origins[id] ?? 'default') !== 'default');

async function openAt(
  kind: DoorKind,
  place: TcpPlace,
  rules: () => TcpRules,
  services: ApiServices,
  say: (text: string) => void,
): Promise<TcpDoor> {
  // Loaded only now: the trap listens already.
  const { openTcpDoor } = await import('../../api/server/tcp-door.js');
  try {
    return await openTcpDoor(place, rules, services, say, await kind.routes());
  } catch (error) {
    throw toDoorError(kind, place, error);
  }
}

const urlOf = ({ address, port, tls }: TcpPlace): string =>
  `http${tls === null ? '' : 's'}://${isIP(address) === 6 ? `[${address}]` : address}:${port}`;

const same = (a: TcpPlace, b: TcpPlace): boolean =>
  a.address === b.address &&
  a.port === b.port &&
  a.tls?.certificate === b.tls?.certificate &&
  a.tls?.key === b.tls?.key;

/** A wildcard and an address of one port are the same place to the system. */
const overlapping = (a: TcpPlace, b: TcpPlace): boolean => a.port === b.port;

async function placeOf(settings: ApiSettings, port: number): Promise<TcpPlace> {
  const { apiAddress: address, apiCertificateFile, apiKeyFile } = settings;
  if (apiCertificateFile === null) {
    if (apiKeyFile !== null) throw unusableCertificate('there is a key, but no certificate');
    return { address, port, tls: null };
  }
  try {
    const files = {
      certificateFile: apiCertificateFile,
      keyFile: apiKeyFile ?? apiCertificateFile,
    };
    return { address, port, tls: await readMaterial(files) };
  } catch (error) {
    throw unusableCertificate(messageOf(error), error);
  }
}

function unusableCertificate(why: string, cause?: unknown): AgentError {
  return new AgentError(
    'CERTIFICATE_INVALID',
    `HTTP API: ${why}`,
    'name a PEM certificate with its chain in `api_tls_certificate_file` and its key in ' +
      '`api_tls_key_file`, readable for the user who runs the agent',
    cause,
  );
}

function toDoorError({ name, portKey }: DoorKind, place: TcpPlace, error: unknown): unknown {
  const { address, port } = place;
  const where = `${name} on ${address} port ${port}`;
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new AgentError(
        'PORT_IN_USE',
        `${where}: another program has it`,
        `find it with \`ss -ltnp sport = :${port}\` and stop it, or set another \`${portKey}\`, or ` +
          '`enable_api = false`',
        error,
      );
    case 'EACCES':
    case 'EPERM':
      return new AgentError(
        'PORT_DENIED',
        `${where}: this user may not listen there`,
        `set ${portKey === 'api_port' ? 'an' : 'a'} \`${portKey}\` above 1023`,
        error,
      );
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return new AgentError(
        'ADDRESS_UNAVAILABLE',
        `${where}: that is no address of this host`,
        'set `api_address` to one that `ip address` lists, or to 127.0.0.1',
        error,
      );
    default:
      return place.tls !== null &&
        error instanceof Error &&
        /pem|key|certificate|asn1/i.test(error.message)
        ? unusableCertificate(error.message, error)
        : error;
  }
}
