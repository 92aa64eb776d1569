import { readFile } from 'node:fs/promises';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { messageOf } from '../../../core/common/errors.js';
import { LIMITS } from '../../../core/common/limits.js';
import type { SyslogServer } from '../../../core/model/remote-log.js';
import { quoteText } from '../../../core/common/text.js';
import { systemCode } from '../../database/files.js';
import type { Carrier, OpenCarrier } from './carrier.js';

/** Files of a TLS connection, read anew for each one, so that renewed ones are taken. */
export interface TlsFiles {
  readonly caFile: string | null;
  readonly certificateFile: string | null;
  readonly keyFile: string | null;
}

/** Syslog over TCP (RFC 6587). */
export const tcpCarrier =
  ({ host, port }: SyslogServer): OpenCarrier =>
  (onBroken, signal) =>
    openStream(connectPlain({ host, port }), 'connect', onBroken, signal);

/** Syslog over TLS (RFC 5425); the server's certificate must be for its name or address. */
export function tlsCarrier({ host, port }: SyslogServer, files: TlsFiles): OpenCarrier {
  return async (onBroken, signal) => {
    const [ca, cert, key] = await Promise.all(
      [files.caFile, files.certificateFile, files.keyFile].map(async (file) =>
        file === null ? undefined : readFile(file),
      ),
    );
    const socket = connectTls({
      host,
      port,
      minVersion: 'TLSv1.2',
      // A name, never an address (RFC 6066, 3).
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
    return openStream(socket, 'secureConnect', onBroken, signal);
  };
}

/** Lines to a Unix socket, after a greeting. */
export const unixCarrier =
  (path: string, greeting: Buffer): OpenCarrier =>
  async (onBroken, signal) => {
    const carrier = await openStream(connectPlain({ path }), 'connect', onBroken, signal);
    await carrier.send([greeting]);
    return carrier;
  };

async function openStream(
  socket: Socket,
  ready: 'connect' | 'secureConnect',
  onBroken: (why: string | null) => void,
  signal: AbortSignal,
): Promise<Carrier> {
  const giveUp = (): void => {
    socket.destroy();
  };
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await awaitReady(socket, ready);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
  socket.setKeepAlive(true, LIMITS.remoteSendMsMax);
  // Nothing is ever answered: what comes is thrown away, so that the end is seen.
  socket.resume();
  let failure: string | null = null;
  let closing = false;
  socket.on('error', (error) => {
    failure = explainStream(error);
  });
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      if (!closing) onBroken(failure);
      resolve();
    });
  });
  return {
    send: (lines) => send(socket, lines, () => failure),
    close: async () => {
      closing = true;
      const timer = setTimeout(() => socket.destroy(), LIMITS.remoteEndMsMax);
      socket.end();
      await closed;
      clearTimeout(timer);
    },
  };
}

function awaitReady(socket: Socket, ready: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy(new Error(`no answer within ${LIMITS.remoteConnectMsMax / 1_000} s`));
    }, LIMITS.remoteConnectMsMax);
    let failure = 'it was closed at once';
    const onError = (error: Error): void => {
      failure = explainStream(error);
    };
    const onClose = (): void => {
      clearTimeout(timer);
      reject(new Error(failure));
    };
    socket.on('error', onError);
    socket.once('close', onClose);
    socket.once(ready, () => {
      clearTimeout(timer);
      socket.off('error', onError);
      socket.off('close', onClose);
      resolve();
    });
  });
}

/** A peer that takes nothing for long is as good as gone. */
function send(
  socket: Socket,
  lines: readonly Buffer[],
  failure: () => string | null,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy(new Error(`it took nothing for ${LIMITS.remoteSendMsMax / 1_000} s`));
    }, LIMITS.remoteSendMsMax);
    const end = (error: Error | null): void => {
      clearTimeout(timer);
      socket.off('close', onClose);
      if (error === null) resolve();
      else reject(error);
    };
    const onClose = (): void => {
      end(new Error(failure() ?? 'the connection was closed'));
    };
    socket.once('close', onClose);
    if (socket.destroyed) {
      onClose();
      return;
    }
    // With an error the close follows, which knows why.
    socket.write(Buffer.concat(lines), (error) => {
      if (error === null || error === undefined) end(null);
    });
  });
}

const UNTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What a person must do about it. The text of a certificate is the other side's: it is escaped. */
function explainStream(error: Error): string {
  const code = systemCode(error) ?? '';
  const text = quoteText(messageOf(error));
  if (UNTRUSTED.has(code)) {
    return `its certificate is signed by nobody who is trusted (${code}): name its authority with syslog_ca_file`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `its certificate is for another name: ${text}`;
  }
  return text;
}
