import type { Endpoint } from '../../model/transport.js';
import { findOutsideQuotes, readParam } from '../../sip/headers/params.js';
import { parseUri } from '../../sip/headers/uri.js';
import { cleanLine } from './clean-line.js';
import type { ViaStyle } from '../persona.js';

const COMMA = 44;

/**
 * The Vias as they came; the topmost gets where the request really came from (RFC 3261 section
 * 18.2.1, RFC 3581 section 4), in the way of the persona. One text, its line ends those between
 * header lines; no other line end or NUL is in it.
 */
export function echoVias(values: readonly string[], source: Endpoint, style: ViaStyle): string {
  const top = values[0] ?? '';
  const end = findOutsideQuotes(top, COMMA, COMMA, 0);
  const first = top.slice(0, end).trimEnd();
  let text = cleanLine(STAMPS[style](first, source) + top.slice(end));
  for (let index = 1; index < values.length; index += 1) {
    text += `\r\nVia: ${cleanLine(values[index] ?? '')}`;
  }
  return text;
}

const RPORT = /;[ \t]*rport[ \t]*(?:=[^;]*)?(?=;|$)/i;
const BRANCH = /;[ \t]*branch[ \t]*=[^;]*/i;

const STAMPS: Readonly<Record<ViaStyle, (via: string, source: Endpoint) => string>> = {
  append: (via, { address, port }) => {
    const bare = withoutRport(via);
    if (bare === null) return `${via};received=${address}`;
    return `${bare};received=${address};rport=${port}`;
  },
  'before-branch': (via, { address, port }) => {
    const wantsPort = readParam(via, 'rport') !== null;
    const branch = BRANCH.exec(via)?.[0] ?? '';
    const bare = via.replace(RPORT, '').replace(BRANCH, '');
    return `${bare}${wantsPort ? `;rport=${port}` : ''};received=${address}${branch}`;
  },
  'in-place': (via, source) => markReceived(via.replace(RPORT, `;rport=${source.port}`), source),
  plain: (via, source) => markReceived(via, source),
};

/** The Via without its rport; null when it has none. */
function withoutRport(via: string): string | null {
  // Within quotes it would be none; hardly any Via has some.
  if (via.includes('"') && readParam(via, 'rport') === null) return null;
  const found = RPORT.exec(via);
  if (found === null) return readParam(via, 'rport') === null ? null : via;
  return via.slice(0, found.index) + via.slice(found.index + found[0].length);
}

function markReceived(via: string, { address }: Endpoint): string {
  return sentBy(via) === address ? via : `${via};received=${address}`;
}

/** The host that a Via says it was sent by. */
function sentBy(via: string): string | null {
  const words = /^\S+[ \t]+([^;]*)/.exec(via);
  return words === null ? null : parseUri(`sip:${(words[1] ?? '').trim()}`).host;
}
