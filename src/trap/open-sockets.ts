import { canonicalAddress } from '../core/common/address.js';
import { AgentError } from '../core/common/errors.js';
import type { Connections } from './streams/connections.js';
import type { Listening, TrapContext, TrapOptions, TrapSocket, TrapTransport } from './options.js';
import { openTcp } from './streams/tcp.js';
import type { TlsIdentity } from './streams/tls-accept.js';
import { openTls } from './streams/tls.js';
import { openUdp } from './udp.js';
import { createWebSocketGate, type WebSocketGate } from './streams/ws-handshake.js';
import { openWs } from './streams/ws.js';
import { openWss } from './streams/wss.js';

/** What the sockets of one trap share. `identity` is there when a transport needs it. */
interface Shared {
  readonly context: TrapContext;
  readonly connections: Connections;
  readonly identity: TlsIdentity | null;
  readonly gate: WebSocketGate;
}

/** With port 0 the first socket chooses, and another program may hold that number elsewhere. */
const PORT_ATTEMPTS = 10;

/** Opens every transport on every address, or rejects with the first error and leaves none open. */
export async function openAll(
  context: TrapContext,
  connections: Connections,
  identity: TlsIdentity | null,
): Promise<TrapSocket[]> {
  const { addresses, transports, port } = context.options;
  const gate = createWebSocketGate(context, connections);
  const shared: Shared = { context, connections, identity, gate };
  for (let attempt = 1; ; attempt += 1) {
    const sockets: TrapSocket[] = [];
    try {
      for (const address of addresses) {
        for (const transport of transports) {
          const chosen = portOf(context.options, transport, sockets);
          sockets.push(await openOne(shared, { transport, address, port: chosen }));
        }
      }
      return sockets;
    } catch (error) {
      await Promise.all(sockets.map((socket) => socket.close()));
      const taken = error instanceof AgentError && error.code === 'PORT_IN_USE';
      if (port !== 0 || !taken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** UDP and TCP share one number, the others have one each; 0: as the first of its kind got. */
function portOf(
  { port, ports = {} }: TrapOptions,
  transport: TrapTransport,
  sockets: readonly TrapSocket[],
): number {
  const isSipPort = (each: TrapTransport): boolean => each === 'udp' || each === 'tcp';
  const wanted = transport === 'udp' || transport === 'tcp' ? port : (ports[transport] ?? 0);
  if (wanted !== 0) return wanted;
  const sibling = sockets.find(
    ({ listening }) =>
      listening.transport === transport || (isSipPort(transport) && isSipPort(listening.transport)),
  );
  return sibling?.listening.port ?? 0;
}

/** A new transport is one line here. */
function openOne(shared: Shared, place: Listening): Promise<TrapSocket> {
  const { context, connections, gate } = shared;
  const { transport, address, port } = place;
  if (canonicalAddress(address) === null) {
    throw new AgentError(
      'ADDRESS_UNAVAILABLE',
      `cannot listen on \`${address}\`: it is no IP address`,
      'give IP addresses in `listen_address`, for example `0.0.0.0, ::`',
    );
  }
  switch (transport) {
    case 'udp':
      return openUdp(context, address, port);
    case 'tcp':
      return openTcp(context, connections, { transport, address, port });
    case 'tls':
      return openTls(context, connections, { transport, address, port }, identityOf(shared));
    case 'ws':
      return openWs(context, connections, { transport, address, port }, gate);
    case 'wss':
      return openWss(context, connections, { transport, address, port }, identityOf(shared), gate);
  }
}

function identityOf({ identity }: Shared): TlsIdentity {
  if (identity === null) throw new Error('openTrap makes an identity for every transport with TLS');
  return identity;
}
