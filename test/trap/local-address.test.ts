import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { connectionsFor } from '../../src/trap/descriptors.js';
import { guessLocal, listLocalAddresses } from '../../src/trap/local-addresses.js';
import type { Trap } from '../../src/trap/open.js';
import { openPeer, openTestTrap, sendTo } from './peers.js';

const open: Trap[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((trap) => trap.close()));
});

describe('a UDP socket on all addresses', () => {
  it.each(listLocalAddresses(4).map(({ address }) => address))(
    'names the address that was asked, and answers from it: %s',
    async (address) => {
      const test = await openTestTrap({ addresses: ['0.0.0.0'], transports: ['udp'] }, () =>
        Buffer.from('answer'),
      );
      open.push(test.trap);
      // A connected socket takes an answer from the address that it asked only.
      const peer = await openPeer(test.port, address);
      const answered = once(peer, 'message');
      await sendTo(peer, Buffer.from('hello'));
      await answered;
      expect(test.packets[0]?.local).toEqual({ address, port: test.port });
      peer.close();
    },
  );

  it('still has what came to an address without a socket of its own', async () => {
    const test = await openTestTrap({ addresses: ['0.0.0.0'], transports: ['udp'] });
    open.push(test.trap);
    const peer = await openPeer(test.port, '127.0.0.99');
    await sendTo(peer, Buffer.from('hello'));
    await test.received(1);
    expect(test.packets[0]?.local).toEqual({ address: '127.0.0.1', port: test.port });
    expect(test.trap.stats().kernelDrops).toBe(0);
    peer.close();
  });

  it('does not share its port with a program that would share it', async () => {
    const other = createSocket({ type: 'udp4', reuseAddr: true });
    await new Promise<void>((resolve) => {
      other.bind(0, '0.0.0.0', resolve);
    });
    const options = { addresses: ['0.0.0.0'], port: other.address().port };
    await expect(openTestTrap({ ...options, transports: ['udp'] })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
    });
    other.close();
  });
});

describe('the addresses of this host', () => {
  it('are those that a socket can be bound to as they are', () => {
    const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    const text = all.map(({ address }) => address);
    for (const family of [4, 6] as const) {
      for (const { address } of listLocalAddresses(family)) {
        expect(text).toContain(address);
        expect(address).not.toMatch(/^fe80/);
      }
    }
    expect(listLocalAddresses(4).map(({ address }) => address)).toContain('127.0.0.1');
  });

  const known = [
    { address: '127.0.0.1', loopback: true },
    { address: '192.0.2.9', loopback: false },
  ];
  it.each([
    ['198.51.100.1', '192.0.2.9'],
    ['127.5.5.5', '127.0.0.1'],
  ])('of them the likeliest for %s is %s', (source, expected) => {
    expect(guessLocal('0.0.0.0', known, source)).toBe(expected);
    expect(guessLocal('0.0.0.0', [], source)).toBe('0.0.0.0');
  });
});

it.each([
  [null, 10_000],
  [65_536, 10_000],
  [4_096, 3_840],
  [200, 100],
])('with %s descriptors, %d connections are taken', (descriptors, connections) => {
  expect(connectionsFor(descriptors)).toBe(connections);
});
