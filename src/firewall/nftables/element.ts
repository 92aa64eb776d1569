import { canonicalAddress } from '../../core/common/address.js';
import type { KernelScope } from '../../core/model/block.js';
import type { ActualBlock } from '../port.js';

/** What a set of ours holds: targets dropped in one of the scopes, or peers let through. */
export type SetPurpose = KernelScope | 'protect';

/** Which set a target belongs to. */
export interface SetKey {
  readonly purpose: SetPurpose;
  readonly family: 4 | 6;
  readonly prefix: number;
}

export const bitsOf = (family: 4 | 6): number => (family === 4 ? 32 : 128);

/** `all_ipv4_32`, `sip_ipv6_64`, `protect_ipv4_24`. */
export const setName = (key: SetKey): string => `${key.purpose}_ipv${key.family}_${key.prefix}`;

/** The key behind a set's name; null for a set that holds no addresses of ours. */
export function readSetName(name: string): SetKey | null {
  const match = /^(all|sip|beside|forced|protect)_ipv([46])_(\d{1,3})$/.exec(name);
  if (match === null) return null;
  const family = match[2] === '4' ? 4 : 6;
  // The expression above lets nothing but a SetPurpose through.
  const key = { purpose: match[1] as SetPurpose, family, prefix: Number(match[3]) } as const;
  return key.prefix <= bitsOf(family) && setName(key) === name ? key : null;
}

/** Each port once. Throws RangeError for what is no port. */
export function portTexts(ports: readonly number[]): string[] {
  return [...new Set(ports)].map((port) => {
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new RangeError(`no port: ${port}`);
    }
    return String(port);
  });
}

/** The block of one element, from its JSON object `{"val": …, "timeout": …, …}`. */
export function readElement(json: string, key: SetKey, scope: KernelScope): ActualBlock {
  return blockOfElement(JSON.parse(json) as unknown, key, scope);
}

/** The same from an element as JSON.parse gave it: an object, or the bare address. */
export function blockOfElement(element: unknown, key: SetKey, scope: KernelScope): ActualBlock {
  const detail = objectOf(element);
  const timeoutS = numberOf(detail['timeout']);
  const expiresS = numberOf(detail['expires'] ?? detail['timeout']);
  return {
    target: targetText(typeof element === 'string' ? element : detail['val'], key),
    scope,
    expiresS,
    ageS: timeoutS === null || expiresS === null ? null : Math.max(0, timeoutS - expiresS),
    packetsDropped: numberOf(objectOf(detail['counter'])['packets']) ?? 0,
  };
}

/** nft ends some IPv6 addresses in dotted form (`::1.2.3.4`), where canonical text has groups. */
export function targetText(address: unknown, key: SetKey): string {
  const text = String(address).replace(
    /(?<=:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/,
    (_all, ...bytes: readonly string[]) => {
      const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number);
      return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
    },
  );
  // IPv4 is canonical as nft prints it, and most elements are.
  return `${key.family === 4 ? text : (canonicalAddress(text) ?? text)}/${key.prefix}`;
}

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);

export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? // An object that is no array has string keys and values of any kind.
      (value as Readonly<Record<string, unknown>>)
    : {};
}
