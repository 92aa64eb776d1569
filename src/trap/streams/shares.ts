import { cidrOf } from '../../core/common/address.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Connection, Share, Shares } from './connection.js';

export const createShares = (countMax: number): Shares => ({
  all: createShare('in all', countMax),
  named: new Map(),
});

const createShare = (words: string, countMax: number): Share => ({
  words,
  countMax,
  silent: new Set(),
  heard: new Set(),
});

export const sizeOf = ({ silent, heard }: Share): number => silent.size + heard.size;

/** The shares that a new connection counts in. `source`: its identity. */
export function sharesOf(
  { all, named }: Shares,
  address: string,
  source: string,
  secured: boolean,
): readonly Share[] {
  const network = cidrOf(address, address.includes(':') ? 48 : 24)?.text ?? address;
  const shareNamed = (words: string, countMax: number): Share =>
    named.get(words) ?? createShare(words, countMax);
  const shares = [
    all,
    shareNamed(`from ${network}`, LIMITS.tcpConnectionsPerNetworkMax),
    shareNamed(`from ${source}`, LIMITS.tcpConnectionsPerSourceMax),
  ];
  if (secured) shares.push(shareNamed('with TLS', LIMITS.tlsConnectionsMax));
  return shares;
}

/** Only after room was made in them: a share that became empty is another one by then. */
export function enter({ all, named }: Shares, connection: Connection): void {
  for (const share of connection.shares) {
    share.silent.add(connection);
    if (share !== all) named.set(share.words, share);
  }
}

/** The connection that gives its place to a new one: who never said anything, else who said it first. */
export function firstToGo({ silent, heard }: Share): Connection | null {
  for (const some of [silent, heard]) {
    const first = some.values().next();
    if (first.done !== true) return first.value;
  }
  return null;
}

/** A message came: the connection is the last to go again. */
export function moveToEnd(connection: Connection): void {
  for (const { silent, heard } of connection.shares) {
    if (!silent.delete(connection)) heard.delete(connection);
    heard.add(connection);
  }
}

export function leave({ named }: Shares, connection: Connection): void {
  for (const share of connection.shares) {
    share.silent.delete(connection);
    share.heard.delete(connection);
    if (sizeOf(share) === 0) named.delete(share.words);
  }
}
