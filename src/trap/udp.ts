import { isIP } from 'node:net';
import { messageOf } from '../core/common/errors.js';
import { readKernelDrops } from './kernel-drops.js';
import { guessLocal, listLocalAddresses, type LocalAddress } from './local-addresses.js';
import type { TrapContext, TrapSocket } from './options.js';
import { openUdpSocket, type UdpPlace, type UdpSocket } from './udp-socket.js';

/**
 * Opens UDP on one address. Rejects with PORT_IN_USE, PORT_DENIED or ADDRESS_UNAVAILABLE. A socket
 * on `::` takes IPv6 alone, so that it can stand beside `0.0.0.0`.
 *
 * Node does not tell to which address of the host a datagram on a wildcard socket was sent, and our
 * answers name it (Contact). So each address gets a socket of its own, which the kernel prefers, and
 * which answers from that address too; the wildcard socket stays behind them for what is new.
 */
export async function openUdp(
  context: TrapContext,
  address: string,
  port: number,
): Promise<TrapSocket> {
  const bare = address.split('%', 1)[0] ?? '';
  const family = isIP(bare) === 6 ? 6 : 4;
  const place: UdpPlace = { address, port, family };
  return bare === '0.0.0.0' || /^[0:]+$/.test(bare)
    ? openWildcard(context, place)
    : openSingle(context, place);
}

async function openSingle(context: TrapContext, place: UdpPlace): Promise<TrapSocket> {
  const socket = await openUdpSocket(context, place, { shared: false, localOf: null });
  return {
    listening: socket.listening,
    kernelDrops: () => readKernelDrops([socket.listening]),
    stopAccepting: () => undefined,
    close: socket.close,
  };
}

async function openWildcard(context: TrapContext, place: UdpPlace): Promise<TrapSocket> {
  // Sockets that share a port must all say so, and would then share it with a stranger who says so
  // as well. One that does not share finds out whether somebody has the port.
  const probe = await openUdpSocket(context, place, { shared: false, localOf: null });
  const { port } = probe.listening;
  await probe.close();
  let addresses: readonly LocalAddress[] = [];
  const wildcard = await openUdpSocket(
    context,
    { ...place, port },
    { shared: true, localOf: (source) => guessLocal(place.address, addresses, source) },
  );
  const own = new Map<string, UdpSocket>();
  let dropsOfClosed = 0;
  let closed = false;

  const close = async (socket: UdpSocket): Promise<void> => {
    dropsOfClosed += readKernelDrops([socket.listening]) ?? 0;
    await socket.close();
  };
  const open = async ({ address }: LocalAddress): Promise<void> => {
    try {
      const where = { ...place, address, port };
      const socket = await openUdpSocket(context, where, { shared: true, localOf: null });
      if (closed) await socket.close();
      else own.set(address, socket);
    } catch (error) {
      // Another program has this address, or the address has just gone: the others go on.
      const why = messageOf(error);
      context.notice('local-address', `${why}; what comes there is not seen`);
    }
  };
  const refresh = async (): Promise<void> => {
    try {
      addresses = listLocalAddresses(place.family);
    } catch (error) {
      // No descriptor is left, say: those that are known serve on, and the next look may see more.
      const why = messageOf(error);
      context.notice('local-address', `this host's addresses cannot be read now: ${why}`);
      return;
    }
    const gone = [...own.keys()].filter((each) => !addresses.some((one) => one.address === each));
    for (const address of gone) {
      const socket = own.get(address);
      own.delete(address);
      if (socket !== undefined) await close(socket);
    }
    for (const each of addresses) if (!closed && !own.has(each.address)) await open(each);
  };
  await refresh();
  const all = (): UdpSocket[] => [wildcard, ...own.values()];
  return {
    listening: wildcard.listening,
    refresh,
    kernelDrops: () => {
      const drops = readKernelDrops(all().map(({ listening }) => listening));
      return drops === null ? null : drops + dropsOfClosed;
    },
    stopAccepting: () => undefined,
    close: async () => {
      closed = true;
      await Promise.all(all().map((socket) => socket.close()));
    },
  };
}
