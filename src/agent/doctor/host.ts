import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { LIMITS } from '../../core/common/limits.js';
import { AS_ROOT, fail, ok, unknown, warn, type Finding } from './finding.js';

/** The oldest Node and kernel that the program was made for. */
const NODE_MIN = [20, 19] as const;
const KERNEL_MIN = [5, 4] as const;

export function judgeNode(version: string): Finding {
  const what = `Node ${version}`;
  if (isAtLeast(version, NODE_MIN)) return ok('node', what);
  return fail('node', `${what}, needed is ${NODE_MIN.join('.')}`, 'install a newer Node');
}

export function judgeKernel(version: string): Finding {
  const what = `Linux ${version}`;
  if (isAtLeast(version, KERNEL_MIN)) return ok('kernel', what);
  return warn(
    'kernel',
    `${what} is older than ${KERNEL_MIN.join('.')}, and was never tried`,
    'install a newer kernel, or see with `status` that blocks come into force',
  );
}

/** `maxBytes` null: the kernel does not tell. */
export function judgeReceiveBuffer(maxBytes: number | null): Finding {
  const wanted = LIMITS.udpReceiveBufferBytes;
  if (maxBytes === null) {
    return unknown('receive buffer', 'net.core.rmem_max cannot be read', 'see that /proc is there');
  }
  const what = `net.core.rmem_max is ${maxBytes}, wanted is ${wanted}`;
  if (maxBytes >= wanted) return ok('receive buffer', what);
  return warn(
    'receive buffer',
    `${what}: a burst of datagrams may be lost before the agent sees it`,
    `sysctl -w net.core.rmem_max=${wanted}, and for the next boot ` +
      '/etc/sysctl.d/60-sentrypeer-agent.conf, which `install` writes',
  );
}

/** What a process may do. `who` is for the sentence. */
export interface ProcessRights {
  readonly who: string;
  /** CapEff of /proc/PID/status; null: it cannot be read. */
  readonly capabilities: bigint | null;
  /** Open files that it may have; null: it cannot be read. */
  readonly descriptorsMax: number | null;
  /** Ports below this one need a capability. */
  readonly unprivilegedPort: number;
}

export const CAP_NET_BIND_SERVICE = 10n;
export const CAP_NET_ADMIN = 12n;

export const hasCapability = (capabilities: bigint, bit: bigint): boolean =>
  ((capabilities >> bit) & 1n) === 1n;

/** `running`: an agent has its ports already. `enforcing`: it is asked to block by the firewall. */
export function judgeCapabilities(
  rights: ProcessRights,
  wish: {
    readonly ports: readonly number[];
    readonly enforcing: boolean;
    readonly running: boolean;
  },
): Finding {
  const { who, capabilities, unprivilegedPort } = rights;
  if (capabilities === null) {
    return unknown('capabilities', `what ${who} may do cannot be read`, AS_ROOT);
  }
  const missing: string[] = [];
  const low = wish.ports.filter((port) => port < unprivilegedPort);
  if (wish.enforcing && !hasCapability(capabilities, CAP_NET_ADMIN)) {
    missing.push('CAP_NET_ADMIN, so that it blocks nobody');
  }
  if (low.length > 0 && !wish.running && !hasCapability(capabilities, CAP_NET_BIND_SERVICE)) {
    missing.push(`CAP_NET_BIND_SERVICE, which port ${low.join(', ')} needs`);
  }
  if (missing.length === 0) return ok('capabilities', `${who} may do what it is asked to`);
  const what = `${who} has no ${missing.join(', and no ')}`;
  const remedy = 'start it as root, or by the unit that `install` writes, which gives both';
  return wish.running ? fail('capabilities', what, remedy) : warn('capabilities', what, remedy);
}

export function judgeDescriptors({ who, descriptorsMax }: ProcessRights): Finding {
  if (descriptorsMax === null) {
    return unknown('descriptors', `how many files ${who} may open cannot be read`, AS_ROOT);
  }
  const wanted = LIMITS.tcpConnectionsMax + LIMITS.descriptorsReservedMax;
  const what = `${who} may open ${descriptorsMax} files`;
  if (descriptorsMax >= wanted) return ok('descriptors', what);
  return warn(
    'descriptors',
    `${what}: fewer TCP connections than ${LIMITS.tcpConnectionsMax} are taken at once`,
    `LimitNOFILE=${wanted} in the unit, or \`ulimit -n ${wanted}\` before the start`,
  );
}

/** The rights of a process, as far as /proc tells this user. */
export function readRights(pid: number | null): ProcessRights {
  const place = pid ?? 'self';
  const status = readText(`/proc/${place}/status`);
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status ?? '')?.[1];
  const limits = readText(`/proc/${place}/limits`);
  // The hard limit counts: Node raises its own soft one to it.
  const files = /^Max open files\s+\d+\s+(\d+)/m.exec(limits ?? '')?.[1];
  return {
    who: pid === null ? 'an agent that this user starts' : `the agent (pid ${pid})`,
    capabilities: effective === undefined ? null : BigInt(`0x${effective}`),
    descriptorsMax: files === undefined ? null : Number(files),
    unprivilegedPort: readNumber('/proc/sys/net/ipv4/ip_unprivileged_port_start') ?? 1024,
  };
}

export const examineHost = (): readonly Finding[] => [
  judgeNode(process.versions.node),
  judgeKernel(release()),
  judgeReceiveBuffer(readNumber('/proc/sys/net/core/rmem_max')),
];

function readNumber(file: string): number | null {
  const text = readText(file);
  const number = Number(text ?? 'none');
  return Number.isSafeInteger(number) ? number : null;
}

/** Null when this user, or this host, does not let it be read. */
export function readText(file: string): string | null {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    // What cannot be read is told as such by each check.
    return null;
  }
}

function isAtLeast(version: string, wanted: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major > wanted[0] || (major === wanted[0] && minor >= wanted[1]);
}
