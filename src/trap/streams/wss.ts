import type { Connections } from './connections.js';
import { openListener, type StreamPlace } from './listener.js';
import type { TrapContext, TrapSocket } from '../options.js';
import { readSipWebSocket } from './sip-web-socket.js';
import { acceptTls, type TlsIdentity } from './tls-accept.js';
import type { WebSocketGate } from './ws-handshake.js';

/** Opens one secure WebSocket socket (RFC 7118): first TLS, then the WebSocket handshake. */
export const openWss = (
  context: TrapContext,
  connections: Connections,
  place: StreamPlace,
  identity: TlsIdentity,
  gate: WebSocketGate,
): Promise<TrapSocket> =>
  openListener(context, connections, place, (connection) => {
    acceptTls(context, connection, identity, (stream) => {
      connection.phase = 'handshake';
      gate.admit(connection, stream, (webSocket) => {
        readSipWebSocket(context, connections, connection, stream, webSocket);
      });
    });
  });
