import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { messageOf } from '../../../core/common/errors.js';
import type { SyslogServer } from '../../../core/model/remote-log.js';
import type { Carrier, OpenCarrier } from './carrier.js';

/** One message a datagram (RFC 5426). Only a refusal tells that nobody listens. */
export function udpCarrier({ host, port }: SyslogServer): OpenCarrier {
  return async (onBroken) => {
    const { address, family } = await lookup(host);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.connect(port, address, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    socket.once('error', (error) => {
      socket.on('error', () => undefined);
      onBroken(messageOf(error));
    });
    return carrierOf(socket);
  };
}

function carrierOf(socket: Socket): Carrier {
  const sendOne = (line: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.send(line, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  let closed: Promise<void> | null = null;
  return {
    send: async (lines) => {
      await Promise.all(lines.map(sendOne));
    },
    close: () =>
      (closed ??= new Promise((resolve) => {
        socket.close(resolve);
      })),
  };
}
