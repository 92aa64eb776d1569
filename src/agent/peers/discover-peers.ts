import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { canonicalAddress, cidrOf } from '../../core/common/address.js';
import type { ProtectedPeer } from '../../core/model/block.js';

/** What is found on this host by itself: whom it must never cut off. */
export interface Discovery {
  /** Looks anew. A file that is not there gives nothing. */
  find(nowUs: number): Promise<readonly ProtectedPeer[]>;
}

export interface DiscoveryFiles {
  readonly route: string;
  readonly routeIpv6: string;
  readonly resolvers: string;
  readonly tcp: string;
  readonly tcpIpv6: string;
}

const FILES: DiscoveryFiles = {
  route: '/proc/net/route',
  routeIpv6: '/proc/net/ipv6_route',
  resolvers: '/etc/resolv.conf',
  tcp: '/proc/net/tcp',
  tcpIpv6: '/proc/net/tcp6',
};

const SSH_PORT = 22;
/**
 * sshd drops who has not logged in after 120 s (LoginGraceTime), so a connection older than this is
 * somebody's who could. One found at the first look is taken for the administrator's: with the
 * agent's start a lock-out is most likely.
 */
const LOGGED_IN_AFTER_US = 150_000_000;

export function createDiscovery(
  env: Readonly<Record<string, string | undefined>>,
  files: DiscoveryFiles = FILES,
): Discovery {
  /** Connection → when it was first seen; -Infinity at the first look. */
  let connections: ReadonlyMap<string, number> | null = null;
  return {
    find: async (nowUs) => {
      const text = async (file: string): Promise<string> =>
        readFile(file, 'latin1').catch(() => '');
      const ends = [
        ...parseSshPeers(await text(files.tcp)),
        ...parseSshPeers(await text(files.tcpIpv6)),
      ];
      const before = connections;
      const firstSeenUs = before === null ? -Infinity : nowUs;
      connections = new Map(ends.map(({ id }) => [id, before?.get(id) ?? firstSeenUs]));
      const loggedIn = ends.filter(
        ({ id }) => nowUs - (connections?.get(id) ?? nowUs) >= LOGGED_IN_AFTER_US,
      );
      const named = (from: string) => (address: string) => ({ address, from });
      const found = [
        ...parseGateways(await text(files.route)).map(named('default gateway')),
        ...parseGatewaysIpv6(await text(files.routeIpv6)).map(named('default gateway')),
        ...parseResolvers(await text(files.resolvers)).map(named('resolver of this host')),
        ...[env['SSH_CONNECTION']?.split(' ')[0] ?? ''].map(named('SSH_CONNECTION')),
        ...loggedIn.map(({ address }) => address).map(named('SSH connection to this host')),
      ];
      const peers = found.flatMap(({ address, from }) => peerOf(address, from));
      return [...loopback(), ...ownAddresses(), ...peers];
    },
  };
}

function peerOf(address: string, from: string): readonly ProtectedPeer[] {
  const canonical = canonicalAddress(address);
  const cidr = canonical === null ? null : cidrOf(canonical, null);
  return cidr === null ? [] : [{ target: cidr.text, from }];
}

const loopback = (): readonly ProtectedPeer[] =>
  ['127.0.0.0/8', '::1/128'].map((target) => ({ target, from: 'loopback' }));

/** A packet forged in the name of the PBX must not make it block itself. */
function ownAddresses(): readonly ProtectedPeer[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter(({ internal }) => !internal)
      .flatMap(({ address }) => peerOf(address, `own address on ${name}`)),
  );
}

/** Gateways of default routes in /proc/net/route: addresses in hexadecimal, the last byte first. */
export function parseGateways(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [, destination, gateway = ''] = line.split(/\s+/);
    const isDefault = destination === '00000000' && /^[0-9A-F]{8}$/.test(gateway);
    return isDefault && gateway !== '00000000' ? [ipv4OfHex(gateway)] : [];
  });
}

/** The same of /proc/net/ipv6_route: destination, length, source, length, next hop, … */
export function parseGatewaysIpv6(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [destination = '', length, , , hop = ''] = line.trim().split(/\s+/);
    const isDefault = /^0{32}$/.test(destination) && length === '00';
    return isDefault && /^[0-9a-f]{32}$/.test(hop) && !/^0{32}$/.test(hop) ? [groups(hop)] : [];
  });
}

/** Addresses of `nameserver` lines, see resolv.conf(5). */
export const parseResolvers = (text: string): string[] =>
  [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, address = '']) => address);

/** The far ends of established connections to port 22, of /proc/net/tcp or tcp6. */
export function parseSshPeers(text: string): readonly { id: string; address: string }[] {
  const found: { id: string; address: string }[] = [];
  for (const line of text.split('\n')) {
    const [, local = '', remote = '', state] = line.trim().split(/\s+/);
    const match = /^([0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4}$/.exec(remote);
    const hex = match?.[1];
    if (state !== '01' || hex === undefined) continue;
    if (Number.parseInt(local.slice(local.indexOf(':') + 1), 16) !== SSH_PORT) continue;
    found.push({ id: remote, address: hex.length === 8 ? ipv4OfHex(hex) : ipv6OfHex(hex) });
  }
  return found;
}

const ipv4OfHex = (hex: string): string => [...Buffer.from(hex, 'hex')].reverse().join('.');

/** Four words of 32 bits, each in the byte order of this (little-endian) host. */
function ipv6OfHex(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  return groups(words.map((word) => Buffer.from(word, 'hex').reverse().toString('hex')).join(''));
}

const groups = (hex: string): string => (hex.match(/.{4}/g) ?? []).join(':');
