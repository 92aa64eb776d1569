import type { Connections } from './connections.js';
import { openListener, type StreamPlace } from './listener.js';
import type { TrapContext, TrapSocket } from '../options.js';
import { readSipStream } from './sip-stream.js';

/** Opens one TCP socket (RFC 3261 section 18). Rejects as openListener does. */
export const openTcp = (
  context: TrapContext,
  connections: Connections,
  place: StreamPlace,
): Promise<TrapSocket> =>
  openListener(context, connections, place, (connection) => {
    readSipStream(context, connections, connection, connection.socket);
  });
