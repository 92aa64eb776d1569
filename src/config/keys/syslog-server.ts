import {
  SYSLOG_PORTS,
  syslogServerText,
  type SyslogServer,
  type SyslogTransport,
} from '../../core/model/remote-log.js';
import { address, domain, integer, type ValueReader, type Reading } from './readers.js';

const bad = (why: string): Reading<never> => ({ ok: false, why });

/** `tls://log.example.org`, `tcp://192.0.2.1:601`, `udp://[2001:db8::1]`; null for empty. */
export const syslogServer: ValueReader<SyslogServer | null> = {
  allowed:
    'udp://HOST, tcp://HOST or tls://HOST, with :PORT where it is not 514, 514 or 6514; may be empty',
  read: (text) => {
    if (text === '') return { ok: true, value: null };
    const match = /^(udp|tcp|tls):\/\/(\[[^\]]{1,64}\]|[^:[\]/]{1,253})(?::(\d{1,6}))?$/.exec(text);
    if (match === null) return bad('it is no such address of a server');
    const [, scheme = '', place = '', portText] = match;
    // The expression admits exactly these words.
    const transport = scheme as SyslogTransport;
    const port = integer(1, 65_535).read(portText ?? String(SYSLOG_PORTS[transport]));
    if (!port.ok) return bad('the port is out of range');
    const host = readHost(place);
    if (host === null) return bad('its host is neither an address nor a name');
    return { ok: true, value: { transport, host, port: port.value } };
  },
  write: (server) => (server === null ? '' : syslogServerText(server)),
};

function readHost(place: string): string | null {
  const bracketed = place.startsWith('[');
  const reading = address.read(bracketed ? place.slice(1, -1) : place);
  // IPv6 must stand in brackets (RFC 3986, 3.2.2), and nothing else may.
  if (reading.ok) return reading.value.includes(':') === bracketed ? reading.value : null;
  // A name that looks like an address, as 192.0.2.999, is a slip of the hand.
  const isName = !bracketed && domain.read(place).ok && /[a-z]/i.test(place);
  return isName ? place.toLowerCase() : null;
}
