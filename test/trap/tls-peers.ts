import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import WebSocket from 'ws';
import { makeCertificate } from '../../src/agent/certificate/make-certificate.js';
import type { TlsMaterial, Trap, TrapTransport } from '../../src/trap/options.js';

let made: Promise<TlsMaterial> | null = null;

/** One certificate for all tests of a file: making an RSA key takes a while. */
export const testCertificate = (): Promise<TlsMaterial> =>
  (made ??= makeCertificate('pbx.example.org', Date.now()));

export const portOf = (trap: Trap, transport: TrapTransport): number =>
  trap.listening.find((each) => each.transport === transport)?.port ?? 0;

/** Resolves when the handshake is completed; rejects when it fails. */
export async function connectTls(
  port: number,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  // The certificate is self-signed, as a PBX's mostly is.
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  socket.on('error', () => undefined);
  return socket;
}

export async function openWebSocket(
  url: string,
  protocols: readonly string[] = ['sip'],
  { origin }: { origin?: string } = {},
): Promise<WebSocket> {
  const page = origin === undefined ? {} : { origin };
  const webSocket = new WebSocket(url, [...protocols], { rejectUnauthorized: false, ...page });
  await once(webSocket, 'open');
  webSocket.on('error', () => undefined);
  return webSocket;
}
