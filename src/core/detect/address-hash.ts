import { finish, hashText } from './hash.js';
import type { Hash } from './hash.js';
import { networkOf } from './networks.js';

/**
 * Hashes of the source's address and of its networks. They are asked for on every event, so an IPv4
 * address is hashed as the number that it is, and its network without text in between.
 */

/** What an IPv4 address and its network are mixed with, so that they differ. */
const HOST = 0x2f0b4c47;
const NETWORK = 0x51ab38d3;

/** Hashes an address, canonical text (model/address.ts), into `out`. */
export function hashAddress(out: Hash, address: string, seed: number): void {
  const number = ipv4Of(address);
  if (number === -1) hashText(out, address, seed);
  else hashNumber(out, number, seed, HOST);
}

/** The same for what `networkOf` gives: an IPv4 /24, or an IPv6 /48. */
export function hashNetwork(out: Hash, address: string, seed: number): void {
  const number = ipv4Of(address);
  if (number === -1) hashText(out, networkOf(address), seed);
  else hashNumber(out, number >>> 8, seed, NETWORK);
}

/** No two numbers have the same lower half. */
function hashNumber(out: Hash, number: number, seed: number, kind: number): void {
  out.lo = finish(Math.imul(number ^ seed, 0x9e3779b1) + kind);
  out.hi = finish(Math.imul(number, 0x5f356495) ^ (seed + kind));
}

/** The last address read: each event asks for its own three times. */
const last = { address: '', number: -1 };

function ipv4Of(address: string): number {
  if (last.address !== address) {
    last.address = address;
    last.number = readIpv4(address);
  }
  return last.number;
}

/** The number of an IPv4 address; -1: the text is none. */
function readIpv4(address: string): number {
  let number = 0;
  let byte = 0;
  let dots = 0;
  for (let index = 0; index < address.length; index += 1) {
    const code = address.charCodeAt(index);
    if (code === DOT) {
      number = (number << 8) | byte;
      byte = 0;
      dots += 1;
    } else if (code >= ZERO && code <= NINE) byte = byte * 10 + code - ZERO;
    else return -1;
    if (byte > BYTE_MAX) return -1;
  }
  return dots === 3 ? ((number << 8) | byte) >>> 0 : -1;
}

const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const BYTE_MAX = 255;
