import { setImmediate as nextRound } from 'node:timers/promises';
import { canonicalAddress } from '../core/model/address.js';
import { AgentError } from '../core/model/errors.js';
import { LIMITS } from '../core/model/limits.js';
import { readKernelDrops } from './kernel-drops.js';
import type {
  Listening,
  Trap,
  TrapContext,
  TrapCounts,
  TrapOptions,
  TrapSocket,
} from './options.js';
import { createConnections, sweepConnections, type Connections } from './tcp-connection.js';
import { openTcp } from './tcp.js';
import { openUdp } from './udp.js';

const SWEEP_MS = 1_000;
const NOTICE_GAP_US = 60_000_000;

/**
 * Opens every address for every transport. Rejects with an AgentError (PORT_IN_USE, PORT_DENIED,
 * ADDRESS_UNAVAILABLE) that names the first socket that failed; none stays open then.
 */
export async function openTrap(options: TrapOptions): Promise<Trap> {
  const counts: TrapCounts = {
    received: { udp: 0, tcp: 0 },
    connectionsOpen: 0,
    connectionsRefused: 0,
    connectionsTimedOut: 0,
    framingFailures: 0,
    streamBytesIgnored: 0,
    keepAlives: 0,
    socketErrors: 0,
    sendErrors: 0,
    repliesDropped: 0,
  };
  const context: TrapContext = { options, counts, notice: limitNotices(options) };
  const connections = createConnections();
  const sockets = await openAll(context, connections);
  const sweep = setInterval(() => {
    sweepConnections(context, connections);
  }, SWEEP_MS);
  sweep.unref();
  const listening = sockets.map((socket) => socket.listening);
  let closing: Promise<void> | null = null;
  let dropsAtClose: number | null = null;
  return {
    listening,
    stats: () => ({
      ...counts,
      received: { ...counts.received },
      kernelDrops: closing === null ? readKernelDrops(listening) : dropsAtClose,
    }),
    close: () => {
      closing ??= closeAll(sockets, counts, () => {
        clearInterval(sweep);
        dropsAtClose = readKernelDrops(listening);
      });
      return closing;
    },
  };
}

/** With port 0 the first socket chooses, and another program may hold that number elsewhere. */
const PORT_ATTEMPTS = 10;

async function openAll(context: TrapContext, connections: Connections): Promise<TrapSocket[]> {
  const { addresses, transports, port } = context.options;
  const wanted = addresses.flatMap((address) =>
    transports.map((transport): Listening => ({ transport, address, port })),
  );
  for (let attempt = 1; ; attempt += 1) {
    const sockets: TrapSocket[] = [];
    try {
      for (const one of wanted) {
        const chosen = port === 0 ? (sockets[0]?.listening.port ?? 0) : port;
        sockets.push(await openOne(context, connections, { ...one, port: chosen }));
      }
      return sockets;
    } catch (error) {
      await Promise.all(sockets.map((socket) => socket.close()));
      const taken = error instanceof AgentError && error.code === 'PORT_IN_USE';
      if (port !== 0 || !taken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

function openOne(
  context: TrapContext,
  connections: Connections,
  { transport, address, port }: Listening,
): Promise<TrapSocket> {
  if (canonicalAddress(address) === null) {
    throw new AgentError(
      'ADDRESS_UNAVAILABLE',
      `cannot listen on \`${address}\`: it is no IP address`,
      'give IP addresses in `listen_address`, for example `0.0.0.0, ::`',
    );
  }
  return transport === 'udp'
    ? openUdp(context, address, port)
    : openTcp(context, connections, address, port);
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

function total(counts: TrapCounts): number {
  return counts.received.udp + counts.received.tcp + counts.streamBytesIgnored;
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
