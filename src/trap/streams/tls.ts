import type { Connections } from './connections.js';
import { openListener, type StreamPlace } from './listener.js';
import type { TrapContext, TrapSocket } from '../options.js';
import { readSipStream } from './sip-stream.js';
import { acceptTls, type TlsIdentity } from './tls-accept.js';

/** Opens one TLS socket (RFC 3261 section 26.3). Rejects as openListener does. */
export const openTls = (
  context: TrapContext,
  connections: Connections,
  place: StreamPlace,
  identity: TlsIdentity,
): Promise<TrapSocket> =>
  openListener(context, connections, place, (connection) => {
    acceptTls(context, connection, identity, (stream) => {
      readSipStream(context, connections, connection, stream);
    });
  });
