import { setImmediate as nextRound } from 'node:timers/promises';
import { AgentError } from '../core/common/errors.js';
import { LIMITS } from '../core/common/limits.js';
import { createConnections, sweepConnections, type Connections } from './streams/connections.js';
import { areDescriptorsGone, connectionsFor, readDescriptorsMax } from './descriptors.js';
import { openAll } from './open-sockets.js';
import type {
  Trap,
  TrapContext,
  TrapCounts,
  TrapOptions,
  TrapSocket,
  TrapStats,
} from './options.js';
import { createTlsIdentity, type TlsIdentity } from './streams/tls-accept.js';

const SWEEP_MS = 1_000;
const NOTICE_GAP_US = 60_000_000;

/**
 * Opens every address for every transport. Rejects with an AgentError (PORT_IN_USE, PORT_DENIED,
 * ADDRESS_UNAVAILABLE, CERTIFICATE_INVALID) that names the first that failed; none stays open then.
 */
export async function openTrap(options: TrapOptions): Promise<Trap> {
  const counts = startCounts();
  const context: TrapContext = { options, counts, notice: limitNotices(options) };
  const connections = createConnections(connectionsFor(readDescriptorsMax()));
  const identity = openIdentity(options);
  const sockets = await openAll(context, connections, identity);
  const timers = [
    setInterval(() => {
      sweep(context, connections);
    }, SWEEP_MS),
    setInterval(() => {
      for (const socket of sockets) void socket.refresh?.();
    }, LIMITS.localAddressesCheckMs),
  ];
  for (const timer of timers) timer.unref();
  let closing: Promise<void> | null = null;
  let dropsAtClose: number | null = null;
  return {
    listening: sockets.map((socket) => socket.listening),
    connectionsMax: connections.countMax,
    stats: (): TrapStats => ({
      ...counts,
      received: { ...counts.received },
      kernelDrops: closing === null ? sumDrops(sockets) : dropsAtClose,
    }),
    replaceCertificate: (material) => {
      if (identity !== null) identity.context = createTlsIdentity(material).context;
    },
    close: () => {
      closing ??= closeAll(sockets, counts, () => {
        for (const timer of timers) clearInterval(timer);
        dropsAtClose = sumDrops(sockets);
      });
      return closing;
    },
  };
}

const startCounts = (): TrapCounts => ({
  received: { udp: 0, tcp: 0, tls: 0, ws: 0, wss: 0 },
  connectionsOpen: 0,
  tlsConnectionsOpen: 0,
  connectionsRefused: 0,
  connectionsEvicted: 0,
  quietEventsThinned: 0,
  connectionsTimedOut: 0,
  handshakesFailed: 0,
  framingFailures: 0,
  streamBytesIgnored: 0,
  keepAlives: 0,
  socketErrors: 0,
  sendErrors: 0,
  repliesDropped: 0,
  secondsWithoutDescriptors: 0,
});

function openIdentity({ transports, tls = null }: TrapOptions): TlsIdentity | null {
  if (!transports.includes('tls') && !transports.includes('wss')) return null;
  if (tls === null) throw new Error('tls and wss need a certificate');
  try {
    return createTlsIdentity(tls);
  } catch (error) {
    throw new AgentError(
      'CERTIFICATE_INVALID',
      `the TLS certificate cannot be used: ${error instanceof Error ? error.message : 'unknown'}`,
      'give the certificate with its chain in `tls_certificate_file` and its key in `tls_key_file`',
      error,
    );
  }
}

function sweep(context: TrapContext, connections: Connections): void {
  sweepConnections(context, connections);
  if (!areDescriptorsGone()) return;
  context.counts.secondsWithoutDescriptors += 1;
  context.notice('descriptors', 'no file descriptor is left: connections are lost uncounted');
}

function sumDrops(sockets: readonly TrapSocket[]): number | null {
  let drops = 0;
  for (const socket of sockets) {
    if (socket.kernelDrops === undefined) continue;
    const ofSocket = socket.kernelDrops();
    if (ofSocket === null) return null;
    drops += ofSocket;
  }
  return drops;
}

/**
 * A datagram that was received must not be lost because we stop, so the sockets are read on until a
 * whole round of the event loop brought nothing. Under a flood that never comes: hence the limit.
 */
async function closeAll(
  sockets: readonly TrapSocket[],
  counts: TrapCounts,
  beforeClose: () => void,
): Promise<void> {
  for (const socket of sockets) socket.stopAccepting();
  const untilMs = performance.now() + LIMITS.trapDrainMsMax;
  let seen = -1;
  // The round in which we are called may have polled before: only whole rounds count.
  await nextRound();
  while (seen !== total(counts) && performance.now() < untilMs) {
    seen = total(counts);
    await nextRound();
    await nextRound();
  }
  beforeClose();
  await Promise.all(sockets.map((socket) => socket.close()));
}

function total({ received, streamBytesIgnored }: TrapCounts): number {
  const { udp, tcp, tls, ws, wss } = received;
  return udp + tcp + tls + ws + wss + streamBytesIgnored;
}

function limitNotices(options: TrapOptions): TrapContext['notice'] {
  const lastUs = new Map<string, number>();
  return (kind, text) => {
    const nowUs = options.nowUs();
    const last = lastUs.get(kind);
    if (last !== undefined && nowUs - last < NOTICE_GAP_US) return;
    lastUs.set(kind, nowUs);
    options.onNotice(text);
  };
}
