import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import { LIMITS } from '../../core/common/limits.js';
import { quoteText } from '../../core/common/text.js';
import type { TlsRecord } from '../../core/model/transport.js';
import { deliverFailed, openConnection } from './connections.js';
import type { TlsMaterial, TrapContext } from '../options.js';
import type { Connection } from './connection.js';

/** The certificate in force, which a running trap may get anew. */
export interface TlsIdentity {
  context: SecureContext;
}

/** Throws what OpenSSL says of a certificate and key that are broken or no pair. */
export function createTlsIdentity({ certificate, key }: TlsMaterial): TlsIdentity {
  return {
    context: createSecureContext({
      cert: certificate,
      key,
      // Old phones and old tools shall get in as well: what they bring is what we are here for, and
      // nothing secret passes. OpenSSL 3 has TLS 1.0 and 1.1 at security level 0 only.
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    }),
  };
}

/** The first byte of a TLS record that carries a handshake (RFC 8446 section 5.1). */
const TLS_HANDSHAKE = 22;

/**
 * Carries out the TLS handshake on a connection and calls `onSecure` with the stream when it is
 * completed. The first bytes are looked at before TLS gets them, so that those of a handshake that
 * fails, and what is no TLS at all, are recorded. Plain bytes go to TLS all the same, which ends the
 * connection as any TLS server does.
 */
export function acceptTls(
  context: TrapContext,
  connection: Connection,
  identity: TlsIdentity,
  onSecure: (stream: TLSSocket) => void,
): void {
  const { socket } = connection;
  const { counts } = context;
  counts.tlsConnectionsOpen += 1;
  socket.once('close', () => {
    counts.tlsConnectionsOpen -= 1;
  });
  socket.once('data', (chunk: Buffer) => {
    socket.pause();
    connection.lastByteAtUs = context.options.nowUs();
    if (chunk[0] === TLS_HANDSHAKE) connection.takeRest = () => chunk;
    else deliverFailed(context, connection, chunk);
    // TLSSocket takes what a socket holds unread before it reads on.
    socket.unshift(chunk);
    const stream = new TLSSocket(socket, { isServer: true, secureContext: identity.context });
    stream.on('error', () => {
      counts.socketErrors += 1;
      socket.destroy();
    });
    stream.once('close', () => socket.destroy());
    stream.once('secure', () => {
      connection.tls = recordOf(stream);
      openConnection(context, connection);
      onSecure(stream);
    });
  });
}

function recordOf(stream: TLSSocket): TlsRecord {
  const { servername } = stream;
  const named = typeof servername === 'string' && servername !== '';
  return {
    version: stream.getProtocol() ?? 'unknown',
    cipher: stream.getCipher().name,
    sni: named ? quoteText(servername, LIMITS.tlsSniCharsMax) : null,
  };
}
