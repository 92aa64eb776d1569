/** What one of SentryPeer's variables means here. */
export interface ReferenceMeaning {
  /** Texts by key id. */
  readonly texts: Readonly<Record<string, string>>;
  /** What it asks for is not there yet; it is said, and the agent runs. */
  readonly notYet?: boolean;
  /** Why it cannot be followed: going on would be the opposite of what was asked for. */
  readonly refusal?: string;
}

/** Keys of SentryPeer's TOML file, and the variables that mean the same. */
export const REFERENCE_FILE_KEYS: ReadonlyMap<string, string> = new Map([
  ['cert', 'SENTRYPEER_CERT'],
  ['key', 'SENTRYPEER_KEY'],
  ['tls_listen_address', 'SENTRYPEER_TLS_LISTEN_ADDRESS'],
]);

/**
 * The variables of SentryPeer's README, Dockerfile and man page. A switch there is on when it is set
 * to anything; here `0`, `false`, `no`, `off` and an empty text are off. Those that are named as a
 * key here (SENTRYPEER_JSON_LOG_FILE, SENTRYPEER_VERBOSE) are that key.
 */
const MEANINGS: Readonly<Record<string, ((text: string) => ReferenceMeaning) | undefined>> = {
  SENTRYPEER_DB_FILE: keyed('database_file'),
  SENTRYPEER_CERT: keyed('tls_certificate_file'),
  SENTRYPEER_KEY: keyed('tls_key_file'),
  SENTRYPEER_TLS_LISTEN_ADDRESS: (text) => ({
    texts: { transports: 'udp, tcp, tls', tls_port: /:([^:\]]*)$/.exec(text)?.[1] ?? text },
  }),
  SENTRYPEER_TLS_DISABLE: whenOn({ texts: { transports: 'udp, tcp' } }),
  SENTRYPEER_SIP_RESPONSIVE: (text) => ({
    texts: { answering: isOn(text) ? 'active' : 'passive' },
  }),
  SENTRYPEER_SIP_DISABLE: whenOn({
    texts: {},
    refusal:
      'this agent is its SIP trap, without it nothing would be left to run; take the variable away',
  }),
  SENTRYPEER_SYSLOG: whenOn({ texts: { journal_messages: 'agent, events' } }),
  SENTRYPEER_DEBUG: whenOn({ texts: { verbose: 'true' } }),
  // The JSON log is always written.
  SENTRYPEER_JSON_LOG: () => ({ texts: {} }),
  SENTRYPEER_API: (text) => ({ texts: { enable_api: String(isOn(text)) } }),
  SENTRYPEER_WEB_GUI: whenOn({ texts: {}, notYet: true }),
  SENTRYPEER_WEBHOOK: whenOn({ texts: {}, notYet: true }),
  SENTRYPEER_WEBHOOK_URL: whenOn({ texts: {}, notYet: true }),
  SENTRYPEER_OAUTH2_CLIENT_ID: whenOn({ texts: {}, notYet: true }),
  SENTRYPEER_OAUTH2_CLIENT_SECRET: whenOn({ texts: {}, notYet: true }),
  SENTRYPEER_PEER_TO_PEER: whenOn({ texts: {}, notYet: true }),
  SENTRYPEER_BOOTSTRAP_NODE: whenOn({ texts: {}, notYet: true }),
};

/** Null when SentryPeer has no such variable. */
export const readReference = (variable: string, text: string): ReferenceMeaning | null =>
  Object.hasOwn(MEANINGS, variable) ? (MEANINGS[variable]?.(text) ?? null) : null;

function keyed(id: string): (text: string) => ReferenceMeaning {
  return (text) => ({ texts: { [id]: text } });
}

function whenOn(meaning: ReferenceMeaning): (text: string) => ReferenceMeaning {
  return (text) => (isOn(text) ? meaning : { texts: {} });
}

const isOn = (text: string): boolean => !/^(0|false|no|off)?$/i.test(text);
