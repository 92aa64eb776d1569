/** Every operating error the program can report; docs/ERRORS.md lists the same, checked by a test. */
export const ERROR_CODES = {
  USAGE: { exit: 2, what: 'the command line is wrong' },
  CONFIG_MISSING: { exit: 3, what: 'the configuration file named is not there' },
  CONFIG_UNREADABLE: { exit: 3, what: 'the configuration file cannot be read' },
  CONFIG_INVALID: { exit: 3, what: 'the configuration has an unknown key or a bad value' },
  RULES_INVALID: { exit: 3, what: 'a rule file is wrong' },
  GRAMMAR_INVALID: { exit: 3, what: 'a grammar of log lines is wrong' },
  PORT_IN_USE: { exit: 4, what: 'another program listens on the port' },
  PORT_DENIED: { exit: 4, what: 'this user may not listen on the port' },
  ADDRESS_UNAVAILABLE: { exit: 4, what: 'the address to listen on is not one of this host' },
  SENSOR_UNAVAILABLE: { exit: 4, what: 'a sensor beside the PBX cannot be opened' },
  CERTIFICATE_INVALID: { exit: 3, what: 'the TLS certificate or its key cannot be used' },
  STATE_UNWRITABLE: { exit: 5, what: 'a folder or file that must be written is read-only' },
  STATE_FOREIGN: {
    exit: 5,
    what: 'root would write where the links or folders of another user lead',
  },
  DATABASE_FOREIGN: { exit: 5, what: 'the database belongs to another program' },
  DATABASE_NEWER: { exit: 5, what: 'the database was written by a newer agent' },
  DATABASE_OLDER: { exit: 5, what: 'the database has an older schema' },
  DATABASE_DAMAGED: { exit: 5, what: 'the database is damaged' },
  DATABASE_MISSING: { exit: 5, what: 'there is no database yet' },
  DATABASE_UNREADABLE: { exit: 5, what: 'the database cannot be read' },
  AGENT_RUNNING: { exit: 6, what: 'another agent has this database' },
  AGENT_UNREACHABLE: { exit: 6, what: 'no agent answers on the control socket' },
  FIREWALL_MISSING: { exit: 7, what: 'the firewall program is not installed' },
  FIREWALL_DENIED: { exit: 7, what: 'this user may not change the firewall' },
  FIREWALL_FAILED: { exit: 7, what: 'the firewall refused a change' },
  FIREWALL_GONE: { exit: 7, what: 'the rules of the agent are no longer in the firewall' },
  FIREWALL_TAKEN: { exit: 7, what: 'another running agent has the firewall table' },
  PROTECTED: { exit: 8, what: 'the target covers a protected peer' },
  NOT_FOUND: { exit: 9, what: 'what was named is not there' },
  API_DENIED: { exit: 13, what: 'the HTTP API does not allow this to who asks' },
  API_BUSY: { exit: 13, what: 'the HTTP API has too much to do just now' },
  API_UNSAFE: { exit: 3, what: 'the HTTP API would be open to others without protection' },
  INSTALL_FAILED: { exit: 10, what: 'a step of the installation failed' },
  RECORD_UNREADABLE: { exit: 12, what: 'a file to be replayed cannot be read' },
  INTERNAL: { exit: 70, what: 'a fault in the program' },
} as const satisfies Record<string, { exit: number; what: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * An operating error: something outside the program is not as it must be. The message names the
 * thing, the place and the cause in one line; `remedy` says what to type or change.
 */
export class AgentError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;
  /** The file or folder that it is about, where a right may be missing. */
  readonly path: string | null;

  constructor(
    code: ErrorCode,
    message: string,
    remedy: string,
    cause?: unknown,
    path: string | null = null,
  ) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'AgentError';
    this.code = code;
    this.remedy = remedy;
    this.path = path;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exit;
  }
}

/** What a thrown value says: not everything that is thrown is an Error. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return String(error);
}
