import { parseNameAddr } from './name-addr.js';
import { readParam } from './params.js';
import { isPlainAddress, plainParts } from '../plain.js';
import { nameOfHost, parseUri } from './uri.js';

/** Who a From, To or Contact names; each null where it is missing. */
export interface Party {
  readonly user: string | null;
  /** In lower case, without the brackets of an IPv6 literal. */
  readonly host: string | null;
  readonly tag: string | null;
  /** true: the value has the everyday form, in which nothing is odd. */
  readonly plain: boolean;
}

const NOBODY: Party = { user: null, host: null, tag: null, plain: false };

/** Reads the value of a From or To (RFC 3261 sections 20.20, 20.39); null: there is no such header. */
export function readParty(value: string | null): Party {
  if (value === null) return NOBODY;
  if (!isPlainAddress(value)) return readClosely(value);
  const { userBegin, userEnd, paramBegin, paramEnd } = plainParts;
  return {
    user: userBegin === -1 ? null : value.slice(userBegin, userEnd),
    host: plainHost(value),
    tag: paramBegin === -1 ? null : value.slice(paramBegin, paramEnd),
    plain: true,
  };
}

function readClosely(value: string): Party {
  const address = parseNameAddr(value);
  const uri = parseUri(address.uri.trim());
  return { user: uri.user, host: uri.host, tag: readParam(address.params, 'tag'), plain: false };
}

/** The host of a Contact's first address. */
export const contactHost = (value: string): string | null =>
  isPlainAddress(value) ? plainHost(value) : parseUri(parseNameAddr(value).uri).host;

function plainHost(value: string): string {
  const { hostBegin, hostEnd, hostUpper } = plainParts;
  const host = value.slice(hostBegin, hostEnd);
  return hostUpper || value.charCodeAt(hostEnd - 1) === DOT ? nameOfHost(host) : host;
}

const DOT = 46;
