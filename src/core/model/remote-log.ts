/** What can be sent to a syslog server or the journal; docs/LOGS.md tells what each holds. */
export const REMOTE_MESSAGE_NAMES = ['agent', 'attacks', 'events'] as const;
export type RemoteMessageName = (typeof REMOTE_MESSAGE_NAMES)[number];

/** Numbers of RFC 5424, table 1, of the facilities that a program of this kind may use. */
export const SYSLOG_FACILITIES = {
  daemon: 3,
  auth: 4,
  authpriv: 10,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const;
export type SyslogFacility = keyof typeof SYSLOG_FACILITIES;

/** Ports where none is named: RFC 5426, by custom of rsyslog and syslog-ng, and RFC 5425. */
export const SYSLOG_PORTS = { udp: 514, tcp: 514, tls: 6_514 } as const;
export type SyslogTransport = keyof typeof SYSLOG_PORTS;

/** Where syslog messages go. `host` is a canonical address or a name in small letters. */
export interface SyslogServer {
  readonly transport: SyslogTransport;
  readonly host: string;
  readonly port: number;
}

/** `tls://log.example.org:6514`, `udp://[2001:db8::1]:514`. */
export function syslogServerText({ transport, host, port }: SyslogServer): string {
  return `${transport}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
