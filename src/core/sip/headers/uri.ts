import { unescape } from '../unescape.js';

/** A SIP, SIPS or tel URI (RFC 3261 section 19.1, RFC 3966), its parts as sent. */
export interface Uri {
  /** In lower case; '' when there is none. */
  readonly scheme: string;
  /** User without the password, its parameters kept, as for tel; null when there is none. */
  readonly user: string | null;
  /** Host as it is compared (nameOfHost), the brackets of an IPv6 literal left out; null for tel. */
  readonly host: string | null;
  /** Host, port, parameters and headers as sent: all after the `@`, or after the scheme. */
  readonly rest: string;
}

const SCHEME = /^[a-z][a-z0-9+.-]*$/i;

/**
 * The parts of a URI; never fails. The user part ends at the last `@`, because an attacker's user
 * may hold one unescaped, and the host cannot.
 */
export function parseUri(text: string): Uri {
  const scheme = schemeOf(text);
  const opaque = scheme === '' ? text : text.slice(scheme.length + 1);
  if (scheme === 'tel') {
    return { scheme, user: opaque, host: null, rest: '' };
  }
  const at = opaque.lastIndexOf('@');
  const user = at === -1 ? null : cut(opaque.slice(0, at), ':');
  const rest = opaque.slice(at + 1);
  return { scheme, user, host: hostOf(rest), rest };
}

const HOST = /^(?:\[([0-9a-f:.]+(?:%[0-9a-z._-]+)?)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i;

/**
 * True for `host`, `host:port`, `[v6]` and `[v6]:port`, and nothing around them. A literal is not
 * read closely: three colons in a row must pass (RFC 5118 section 4.10).
 */
export function isHostPort(text: string): boolean {
  const match = HOST.exec(text);
  if (match === null) return false;
  return match[3] === undefined || Number(match[3]) <= 65_535;
}

/** The host and port of a URI's `rest`: what stands before its parameters and headers. */
export function hostPortOf(rest: string): string {
  return cut(cut(rest, ';'), '?');
}

function schemeOf(text: string): string {
  // Nearly every URI begins so, and a regular expression costs more than all the rest.
  if (text.startsWith('sip:')) return 'sip';
  const colon = text.indexOf(':');
  const scheme = colon === -1 ? '' : text.slice(0, colon);
  return SCHEME.test(scheme) ? scheme.toLowerCase() : '';
}

function hostOf(rest: string): string | null {
  const text = hostPortOf(rest).trim();
  const bracket = text.startsWith('[') ? text.indexOf(']') : -1;
  const host = bracket === -1 ? cut(text, ':') : text.slice(1, bracket);
  return host === '' ? null : nameOfHost(host);
}

/**
 * A host as it is compared: in lower case, its escapes undone, without the dot of the root, and an
 * international name as DNS has it (`xn--…`, RFC 5891); one that cannot be read so stays as it is.
 */
export function nameOfHost(host: string): string {
  const text = unescape(host);
  const plain = text.endsWith('.') ? text.slice(0, -1) : text;
  return NOT_ASCII.test(plain) ? asciiHost(plain) : plain.toLowerCase();
}

const NOT_ASCII = /[^\x00-\x7f]/;

/** The text is latin1 of what came, as a rule UTF-8. */
function asciiHost(latin1: string): string {
  const name = `http://${Buffer.from(latin1, 'latin1').toString('utf8')}`;
  return URL.canParse(name) ? new URL(name).hostname : latin1;
}

function cut(text: string, stop: string): string {
  const at = text.indexOf(stop);
  return at === -1 ? text : text.slice(0, at);
}
