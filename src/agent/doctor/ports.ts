import { readdirSync, readlinkSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Settings } from '../../config/schema.js';
import { quoteText } from '../../core/common/text.js';
import { kernelName } from '../../trap/kernel-drops.js';
import type { TrapTransport } from '../../trap/options.js';
import { AS_ROOT, fail, ok, unknown, type Finding } from './finding.js';
import { readText } from './host.js';

/** A socket of the kernel's tables that waits for peers. */
export interface BoundSocket {
  readonly protocol: 'udp' | 'tcp';
  readonly family: 4 | 6;
  /** As the kernel writes it: words of hexadecimal digits. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

export interface WantedSocket {
  readonly transport: TrapTransport;
  readonly address: string;
  readonly port: number;
}

/** Who has a socket; null: this user may not know. */
export type FindHolder = (inode: string) => { readonly pid: number; readonly name: string } | null;

type TrapKeys = Pick<
  Settings,
  'listenAddresses' | 'transports' | 'listenPort' | 'tlsPort' | 'wsPort' | 'wssPort'
>;

/** The HTTP API's, where it is on. */
export const apiSockets = (
  settings: Pick<Settings, 'apiEnabled' | 'apiAddress' | 'apiPort' | 'legacyApiPort'>,
): readonly WantedSocket[] => {
  const { apiEnabled, apiAddress: address, apiPort, legacyApiPort } = settings;
  const ports = apiEnabled ? [apiPort, ...(legacyApiPort === 0 ? [] : [legacyApiPort])] : [];
  return ports.map((port) => ({ transport: 'tcp', address, port }));
};

export const wantedSockets = (settings: TrapKeys): readonly WantedSocket[] =>
  settings.listenAddresses.flatMap((address) =>
    settings.transports.map((transport) => ({
      transport,
      address,
      port: portOf(settings, transport),
    })),
  );

function portOf(settings: TrapKeys, transport: TrapTransport): number {
  switch (transport) {
    case 'udp':
    case 'tcp':
      return settings.listenPort;
    case 'tls':
      return settings.tlsPort;
    case 'ws':
      return settings.wsPort;
    case 'wss':
      return settings.wssPort;
  }
}

/** One finding for each socket that the trap wants; `agentPid` null: no agent runs. */
export function judgePorts(
  wanted: readonly WantedSocket[],
  bound: readonly BoundSocket[] | null,
  holderOf: FindHolder,
  agentPid: number | null,
): readonly Finding[] {
  return wanted.map((each) => {
    const check = `port ${each.transport} ${each.address}:${each.port}`;
    if (bound === null) return unknown(check, 'the tables of sockets cannot be read', AS_ROOT);
    const taken = findTaken(bound, each);
    return judgePort(
      check,
      each,
      taken.map(({ inode }) => holderOf(inode)),
      agentPid,
    );
  });
}

/** The sockets that keep the trap from having one. */
export const findTaken = (
  bound: readonly BoundSocket[],
  wanted: WantedSocket,
): readonly BoundSocket[] => bound.filter((socket) => isInTheWay(socket, wanted));

type Holder = ReturnType<FindHolder>;

function judgePort(
  check: string,
  { transport, port }: WantedSocket,
  holders: readonly Holder[],
  agentPid: number | null,
): Finding {
  if (holders.length === 0) {
    return agentPid === null
      ? ok(check, 'free')
      : fail(check, `the agent (pid ${agentPid}) does not listen there`, 'start it again');
  }
  const tool = `ss -l${transport === 'udp' ? 'u' : 't'}np sport = :${port}`;
  const other = holders.find((holder) => holder !== null && holder.pid !== agentPid);
  if (other !== undefined && other !== null) {
    return fail(
      check,
      `${quoteText(other.name)} (pid ${other.pid}) listens there`,
      `stop it (${tool} shows it), or set another port or listen_address`,
    );
  }
  if (!holders.includes(null)) return ok(check, 'the agent listens');
  return unknown(check, 'somebody listens, this user may not see who', `as root: ${tool}`);
}

const WILDCARD = /^0+$/;

/** The same address, or one of the two is all addresses; `::` may stand for IPv4 as well. */
function isInTheWay(socket: BoundSocket, { transport, address, port }: WantedSocket): boolean {
  const family = isIP(address.split('%', 1)[0] ?? '') === 6 ? 6 : 4;
  if (socket.protocol !== (transport === 'udp' ? 'udp' : 'tcp') || socket.port !== port) {
    return false;
  }
  const [wanted = ''] = kernelName(address.split('%', 1)[0] ?? '', port).split(':');
  if (socket.family !== family) return socket.family === 6 && WILDCARD.test(socket.address);
  return socket.address === wanted || WILDCARD.test(socket.address) || WILDCARD.test(wanted);
}

/** States of /proc/net/tcp and udp: 0A is LISTEN, 07 an unconnected UDP socket. */
const WAITING = { tcp: '0A', udp: '07' } as const;

/** The lines of one of the kernel's tables that wait for peers. */
export function readTable(
  text: string,
  protocol: BoundSocket['protocol'],
  family: BoundSocket['family'],
): BoundSocket[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === WAITING[protocol])
    .map((fields) => {
      const [address = '', portHex = ''] = (fields[1] ?? '').split(':');
      const port = Number.parseInt(portHex, 16);
      return { protocol, family, address, port, inode: fields[9] ?? '' };
    });
}

/** All sockets of this network namespace that wait; null: the tables cannot be read. */
export function readBoundSockets(): readonly BoundSocket[] | null {
  const sockets: BoundSocket[] = [];
  for (const protocol of ['udp', 'tcp'] as const) {
    const text = readText(`/proc/net/${protocol}`);
    if (text === null) return null;
    sockets.push(...readTable(text, protocol, 4));
    // A host without IPv6 has no such table.
    sockets.push(...readTable(readText(`/proc/net/${protocol}6`) ?? '', protocol, 6));
  }
  return sockets;
}

/** Looks through the open files of all processes that this user may look into. */
export const findHolder: FindHolder = (inode) => {
  const wanted = `socket:[${inode}]`;
  for (const pid of listFolder('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of listFolder(`/proc/${pid}/fd`)) {
      if (readLink(`/proc/${pid}/fd/${descriptor}`) !== wanted) continue;
      const name = (readText(`/proc/${pid}/comm`) ?? '?').trim();
      return { pid: Number(pid), name };
    }
  }
  return null;
};

function listFolder(folder: string): string[] {
  return survive(() => readdirSync(folder)) ?? [];
}

function readLink(file: string): string | null {
  return survive(() => readlinkSync(file));
}

/** Null where the process has just ended, or is another user's. */
function survive<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return null;
  }
}
