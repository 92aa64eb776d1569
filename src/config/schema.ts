import { TRANSPORTS } from '../core/model/transport.js';
import { ALERT_KEYS } from './keys/alert-keys.js';
import { API_KEYS } from './keys/api-keys.js';
import { BLOCKING_KEYS } from './keys/blocking-keys.js';
import { CAPTURE_KEYS } from './keys/capture-keys.js';
import { CROWDSEC_KEYS } from './keys/crowdsec-keys.js';
import { HEP_KEYS, PBX_KEYS } from './keys/pbx-keys.js';
import { PBX_LOG_KEYS } from './keys/pbx-log-keys.js';
import { JOB_KEYS, RETENTION_KEYS } from './keys/upkeep-keys.js';
import { key, place, type Key } from './keys/key.js';
import { LOG_KEYS } from './keys/log-keys.js';
import {
  address,
  choice,
  country,
  domain,
  integer,
  listOf,
  optionalPath,
  truth,
} from './keys/readers.js';
import { TRAP_KEYS } from './keys/trap-keys.js';

/** Every key there is, by section; the name left of each is its name in `Settings`. */
export const KEYS = {
  top: {
    listenAddresses: key(
      'listen_address',
      listOf(address, 1),
      '0.0.0.0',
      'Addresses that the SIP trap listens on; `0.0.0.0, ::` is IPv4 and IPv6.',
    ),
    listenPort: key('listen_port', integer(1, 65_535, 'a port'), '5060', 'Port of UDP and TCP.'),
    otherPorts: key(
      'other_ports',
      listOf(integer(1, 65_535, 'a port'), 0),
      '5070, 5160, 15060',
      'Where a PBX of this host has that port, the trap takes the first of these that is free. ' +
        'Empty: the start ends.',
    ),
    transports: key(
      'transports',
      listOf(choice(TRANSPORTS), 1),
      'udp, tcp',
      'What the trap speaks; ws and wss are SIP over WebSocket (RFC 7118).',
    ),
    tlsPort: key('tls_port', integer(1, 65_535, 'a port'), '5061', 'Port of TLS.'),
    wsPort: key('ws_port', integer(1, 65_535, 'a port'), '5066', 'Port of WebSocket.'),
    wssPort: key('wss_port', integer(1, 65_535, 'a port'), '7443', 'Port of secure WebSocket.'),
    tlsCertificateFile: key(
      'tls_certificate_file',
      optionalPath,
      '',
      'Certificate with its chain (PEM) for tls and wss; a replaced file is taken over. ' +
        'Empty: the agent makes its own, named after sip_domain.',
    ),
    tlsKeyFile: key('tls_key_file', optionalPath, '', 'Private key (PEM) of that certificate.'),
    sipDomain: key(
      'sip_domain',
      domain,
      'sentrypeer.org',
      'Realm that the trap shows to those who register. Choose one that looks like yours.',
    ),
    ...TRAP_KEYS,
    logFile: place(
      'log_file',
      '/var/log/sentrypeer/sentrypeer.log',
      'sentrypeer.log',
      'Log for people.',
    ),
    jsonLogFile: place(
      'json_log_file',
      '/var/log/sentrypeer/sentrypeer.json',
      'sentrypeer.json',
      'Log for machines: one JSON object a line, one line an event.',
    ),
    ...LOG_KEYS,
    databaseFile: place(
      'database_file',
      '/var/lib/sentrypeer/sentrypeer.db',
      'sentrypeer.db',
      'SQLite database of events, scores and blocks.',
    ),
    controlSocket: place(
      'control_socket',
      '/run/sentrypeer/agent.sock',
      'agent.sock',
      'Unix socket through which the commands talk to the running agent.',
    ),
    rulesDir: place(
      'rules_dir',
      '/etc/sentrypeer/rules.d',
      'rules.d',
      'Folder of your own detection rules (*.yaml).',
    ),
    geoipAsnFile: key(
      'geoip_asn_file',
      optionalPath,
      '',
      'Database of networks in the MaxMind format (mmdb), for `sources show`. None comes with the program.',
    ),
    geoipCountryFile: key(
      'geoip_country_file',
      optionalPath,
      '',
      'Database of countries in the MaxMind format (mmdb), for `sources show`.',
    ),
    homeCountry: key(
      'home_country',
      country,
      '',
      'Country whose national numbers are dialled here: with GB, 020 7946 0018 is +442079460018. ' +
        'Empty: none is assumed.',
    ),
    verbose: key('verbose', truth, 'false', 'One line an event on the terminal.'),
    ...API_KEYS,
  },
  blocking: BLOCKING_KEYS,
  crowdsec: CROWDSEC_KEYS,
  pbx: PBX_KEYS,
  hep: HEP_KEYS,
  capture: CAPTURE_KEYS,
  logs: PBX_LOG_KEYS,
  jobs: JOB_KEYS,
  retention: RETENTION_KEYS,
  alerts: ALERT_KEYS,
} as const;

type ValueOf<K> = K extends Key<infer T> ? T : never;
type ValuesOf<S> = { readonly [F in keyof S]: ValueOf<S[F]> };

/** The values as read, before those that depend on others are worked out. */
export type Readings = ValuesOf<typeof KEYS.top> & {
  readonly blocking: ValuesOf<typeof KEYS.blocking>;
  readonly crowdsec: ValuesOf<typeof KEYS.crowdsec>;
  readonly pbx: ValuesOf<typeof KEYS.pbx>;
  readonly hep: ValuesOf<typeof KEYS.hep>;
  readonly capture: ValuesOf<typeof KEYS.capture>;
  readonly logs: ValuesOf<typeof KEYS.logs>;
  readonly jobs: ValuesOf<typeof KEYS.jobs>;
  readonly retention: ValuesOf<typeof KEYS.retention>;
  readonly alerts: ValuesOf<typeof KEYS.alerts>;
};

/** The configuration in force. Durations in seconds (…S), sizes in bytes; addresses canonical. */
export type Settings = Omit<Readings, 'blocking'> & {
  readonly blocking: Omit<Readings['blocking'], 'sipPorts'> & {
    readonly sipPorts: readonly number[];
    /** The same as it was written: `trap` stands for the ports of the trap. */
    readonly sipPortWords: Readings['blocking']['sipPorts'];
  };
};

export type SectionName = keyof typeof KEYS;

/** One key with its place. `id` is `listen_port` or `blocking.mode`. */
export interface KeyPlace {
  readonly id: string;
  readonly section: SectionName;
  readonly field: string;
  readonly key: Key<unknown>;
  /** Environment variable that sets it. */
  readonly variable: string;
}

/** Every key in the order of the table. */
export const KEY_PLACES: readonly KeyPlace[] = Object.entries(KEYS).flatMap(([name, keys]) =>
  Object.entries<Key<unknown>>(keys).map(([field, entry]) => {
    // Object.entries loses the key type of a constant table.
    const section = name as SectionName;
    const words = section === 'top' ? entry.key : `${section}_${entry.key}`;
    return {
      id: section === 'top' ? entry.key : `${section}.${entry.key}`,
      section,
      field,
      key: entry,
      variable: `SENTRYPEER_${words.toUpperCase()}`,
    };
  }),
);

/** Works out the values that depend on others: `trap` among the SIP ports. */
export function finishSettings(readings: Readings): Settings {
  const words = readings.blocking.sipPorts;
  const sipPorts = sipPortsFor(words, readings);
  return { ...readings, blocking: { ...readings.blocking, sipPorts, sipPortWords: words } };
}

/** The SIP ports of settings that are taken over while the trap keeps those of `running`. */
export const sipPortsWhile = (running: Settings, next: Settings): readonly number[] =>
  sipPortsFor(next.blocking.sipPortWords, running);

type TrapPlaces = Pick<Readings, 'listenPort' | 'transports' | 'tlsPort' | 'wsPort' | 'wssPort'>;

function sipPortsFor(words: readonly (number | 'trap')[], places: TrapPlaces): readonly number[] {
  const ports = words.flatMap((port) => (port === 'trap' ? trapPorts(places) : [port]));
  return [...new Set(ports)];
}

function trapPorts({ listenPort, transports, tlsPort, wsPort, wssPort }: TrapPlaces): number[] {
  const others = { tls: tlsPort, ws: wsPort, wss: wssPort };
  const named = (['tls', 'ws', 'wss'] as const).filter((name) => transports.includes(name));
  return [listenPort, ...named.map((name) => others[name])];
}

/** The sockets of a trap with these settings. */
export const trapSocketsOf = ({ listenAddresses, listenPort, transports, ...places }: Settings) => {
  const others = { tcp: listenPort, tls: places.tlsPort, ws: places.wsPort, wss: places.wssPort };
  const streams = (['tcp', 'tls', 'ws', 'wss'] as const).filter((name) =>
    transports.includes(name),
  );
  return {
    udpPorts: transports.includes('udp') ? [listenPort] : [],
    tcpPorts: [...new Set(streams.map((name) => others[name]))],
    addresses: listenAddresses,
  };
};

/** The value of one key, as the configuration file would have it. */
export function writeValue(settings: Settings, place: KeyPlace): string {
  const values = place.section === 'top' ? settings : settings[place.section];
  // The table names each field of Settings; both are made from it.
  return place.key.reader.write((values as Readonly<Record<string, unknown>>)[place.field]);
}
