import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { AgentError } from '../../src/core/common/errors.js';
import { toBindError } from '../../src/trap/bind-error.js';
import { openTrap } from '../../src/trap/open.js';
import type { Trap } from '../../src/trap/options.js';
import { openPeer, openTestTrap, sendTo } from './peers.js';

const open: Trap[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((trap) => trap.close()));
});
async function trapWith(...args: Parameters<typeof openTestTrap>): ReturnType<typeof openTestTrap> {
  const test = await openTestTrap(...args);
  open.push(test.trap);
  return test;
}
const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

describe('a UDP socket', () => {
  it('gives each datagram out once, with its two ends, and answers to where it came from', async () => {
    const test = await trapWith({}, ({ bytes }) => Buffer.from(`re:${bytes.toString()}`));
    const peer = await openPeer(test.port);
    const answered = once(peer, 'message');
    await sendTo(peer, Buffer.from('hello'));
    const [answer] = (await answered) as [Buffer];
    expect(answer.toString()).toBe('re:hello');
    expect(test.packets).toEqual([
      {
        receivedAtUs: 1_000_000,
        transport: 'udp',
        source: { address: '127.0.0.1', port: peer.address().port },
        local: { address: '127.0.0.1', port: test.port },
        bytes: Buffer.from('hello'),
      },
    ]);
    expect(test.trap.stats()).toMatchObject({ received: { udp: 1, tcp: 0 }, kernelDrops: 0 });
    peer.close();
  });

  it('takes an empty datagram and one of the largest size', async () => {
    const test = await trapWith();
    const peer = await openPeer(test.port);
    await sendTo(peer, Buffer.alloc(0));
    await sendTo(peer, Buffer.alloc(65_507, 1));
    await test.received(2);
    expect(test.packets.map(({ bytes }) => bytes.length)).toEqual([0, 65_507]);
    peer.close();
  });

  it('survives an answer that cannot be sent, and counts it', async () => {
    const test = await trapWith({}, () => Buffer.alloc(70_000));
    const peer = await openPeer(test.port);
    await sendTo(peer, Buffer.from('a'));
    await sendTo(peer, Buffer.from('b'));
    await test.received(2);
    await test.trap.close();
    expect(test.trap.stats().sendErrors).toBe(2);
    expect(test.notices.filter((text) => text.startsWith('an answer'))).toHaveLength(1);
    peer.close();
  });
});

describe('closing', () => {
  it('first reads all that the kernel holds', async () => {
    const test = await trapWith();
    const peer = await openPeer(test.port);
    const sent: Promise<void>[] = [];
    for (let index = 0; index < 2_000; index += 1) {
      sent.push(sendTo(peer, Buffer.from(String(index))));
    }
    await Promise.all(sent);
    await test.trap.close();
    expect(new Set(test.packets.map(({ bytes }) => bytes.toString())).size).toBe(2_000);
    expect(test.trap.stats().received.udp).toBe(2_000);
    peer.close();
  });

  it('ends under a flood that does not', async () => {
    const test = await trapWith();
    const peer = await openPeer(test.port);
    let flooding = true;
    const flood = (): void => {
      if (!flooding) return;
      peer.send('x', () => setImmediate(flood));
    };
    flood();
    await test.received(10);
    const startedMs = performance.now();
    await test.trap.close();
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    flooding = false;
    expect(test.packets).toHaveLength(test.trap.stats().received.udp);
    peer.close();
  });

  it('twice is the same as once, and frees the port', async () => {
    const test = await trapWith();
    await Promise.all([test.trap.close(), test.trap.close()]);
    const again = await trapWith({ port: test.port });
    expect(again.port).toBe(test.port);
  });
});

describe('opening', () => {
  it('shares one number between the transports and the addresses', async () => {
    const addresses = hasIpv6 ? ['0.0.0.0', '::'] : ['0.0.0.0'];
    const { trap, port } = await trapWith({ addresses });
    expect(trap.listening).toEqual(
      addresses.flatMap((address) => [
        { transport: 'udp', address, port },
        { transport: 'tcp', address, port },
      ]),
    );
  });

  it.skipIf(!hasIpv6)('takes IPv6 and IPv4 side by side, each under its own text', async () => {
    const test = await trapWith({ addresses: ['0.0.0.0', '::'], transports: ['udp'] });
    for (const address of ['127.0.0.1', '::1']) {
      const peer = await openPeer(test.port, address);
      await sendTo(peer, Buffer.from(address));
      peer.close();
    }
    await test.received(2);
    const sources = test.packets.map(({ source }) => source.address);
    expect(sources.sort()).toEqual(['127.0.0.1', '::1']);
  });

  const failure = async (changes: Parameters<typeof openTestTrap>[0]): Promise<AgentError> => {
    const error: unknown = await openTestTrap(changes).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!(error instanceof AgentError)) throw new Error('the trap should not open');
    return error;
  };

  it('names the UDP port that another program has, and leaves nothing open', async () => {
    const other = createSocket('udp4');
    await new Promise<void>((resolve) => {
      other.bind(0, '127.0.0.1', resolve);
    });
    const { port } = other.address();
    const error = await failure({ port, transports: ['tcp', 'udp'] });
    expect(error.code).toBe('PORT_IN_USE');
    expect(error.message).toContain(`UDP port ${port} on 127.0.0.1`);
    expect(error.remedy).toContain(`ss -lunp sport = :${port}`);
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    other.close();
  });

  it('names the TCP port that another program has', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const at = server.address();
    const port = typeof at === 'object' && at !== null ? at.port : 0;
    const error = await failure({ port });
    expect(error.code).toBe('PORT_IN_USE');
    expect(error.remedy).toContain(`ss -ltnp sport = :${port}`);
    server.close();
  });

  it.each([
    ['192.0.2.254', 'EADDRNOTAVAIL'],
    ['nonsense', 'it is no IP address'],
  ])('names an address that is not ours: %s', async (address, words) => {
    const error = await failure({ addresses: ['127.0.0.1', address] });
    expect(error.code).toBe('ADDRESS_UNAVAILABLE');
    expect(error.message).toContain(address);
    expect(error.message).toContain(words);
  });

  it.each([
    ['EACCES', 'PORT_DENIED', /CAP_NET_BIND_SERVICE/],
    ['EPERM', 'PORT_DENIED', /CAP_NET_BIND_SERVICE/],
    ['EAFNOSUPPORT', 'ADDRESS_UNAVAILABLE', /take :: out/],
    ['EINVAL', 'ADDRESS_UNAVAILABLE', /ip address/],
  ])('explains %s', (code, expected, remedy) => {
    const cause = Object.assign(new Error('bind'), { code });
    const error = toBindError({ transport: 'udp', address: '::', port: 5060 }, cause);
    expect(error.code).toBe(expected);
    expect(error.remedy).toMatch(remedy);
    expect(error.cause).toBe(cause);
  });

  it('with no address at all opens nothing', async () => {
    const options = { addresses: [], port: 0, transports: [], nowUs: () => 0 };
    const nothing = { onPacket: () => undefined, onNotice: () => undefined };
    const trap = await openTrap({ ...options, ...nothing });
    expect(trap.listening).toEqual([]);
    await trap.close();
  });
});
