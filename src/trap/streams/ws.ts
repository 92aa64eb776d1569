import type { Connections } from './connections.js';
import { openListener, type StreamPlace } from './listener.js';
import type { TrapContext, TrapSocket } from '../options.js';
import { readSipWebSocket } from './sip-web-socket.js';
import type { WebSocketGate } from './ws-handshake.js';

/** Opens one WebSocket socket (RFC 7118). Rejects as openListener does. */
export const openWs = (
  context: TrapContext,
  connections: Connections,
  place: StreamPlace,
  gate: WebSocketGate,
): Promise<TrapSocket> =>
  openListener(context, connections, place, (connection) => {
    const { socket } = connection;
    gate.admit(connection, socket, (webSocket) => {
      readSipWebSocket(context, connections, connection, socket, webSocket);
    });
  });
