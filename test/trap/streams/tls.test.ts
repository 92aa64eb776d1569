import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeCertificate } from '../../../src/agent/certificate/make-certificate.js';
import { LIMITS } from '../../../src/core/common/limits.js';
import type { Trap } from '../../../src/trap/options.js';
import { connectTo, openTestTrap, readToEnd, type TestTrap } from '../peers.js';
import { connectTls, portOf, testCertificate } from '../tls-peers.js';

const open: Trap[] = [];
const peers: Socket[] = [];
beforeEach(() => {
  // The sweep runs when a test says so; the sockets are real.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.destroy();
  await Promise.all(open.splice(0).map((trap) => trap.close()));
  vi.useRealTimers();
});

async function trapWith(
  answer?: Parameters<typeof openTestTrap>[1],
): Promise<TestTrap & { readonly tlsPort: number }> {
  const tls = await testCertificate();
  const test = await openTestTrap({ transports: ['udp', 'tls'], tls }, answer);
  open.push(test.trap);
  return { ...test, tlsPort: portOf(test.trap, 'tls') };
}

async function join(...given: Parameters<typeof connectTls>): Promise<TLSSocket> {
  const peer = await connectTls(...given);
  peers.push(peer);
  return peer;
}

const request = (callId: string): string =>
  `OPTIONS sip:1@example.org SIP/2.0\r\nCall-ID: ${callId}\r\nContent-Length: 0\r\n\r\n`;

describe('a TLS connection', () => {
  it('carries framed messages both ways, and says what the handshake agreed on', async () => {
    const test = await trapWith(({ bytes }) => Buffer.from(`re:${bytes.length};`));
    const peer = await join(test.tlsPort, { servername: 'pbx.example.org' });
    peer.write(request('a') + request('b').slice(0, 20));
    await test.received(1);
    peer.write(request('b').slice(20));
    await test.received(2);
    const version = peer.getProtocol();
    const cipher = peer.getCipher().name;
    peer.end();
    const length = request('a').length;
    expect(await readToEnd(peer)).toBe(`re:${length};re:${length};`);
    expect(test.packets.map(({ bytes }) => bytes.toString())).toEqual([request('a'), request('b')]);
    expect(test.packets[0]).toMatchObject({
      transport: 'tls',
      local: { address: '127.0.0.1', port: test.tlsPort },
      tls: { version, cipher, sni: 'pbx.example.org' },
    });
    expect(test.packets[0]?.handshake).toBeUndefined();
    expect(test.trap.stats()).toMatchObject({ received: { tls: 2 }, handshakesFailed: 0 });
  });

  it.each(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const)(
    'is made with %s',
    async (version) => {
      const test = await trapWith();
      const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
      const peer = await join(test.tlsPort, old);
      peer.write(request('a'));
      await test.received(1);
      expect(test.packets[0]?.tls).toMatchObject({ version, sni: null });
    },
  );

  it('shows a replaced certificate to those who come, and lets those who are there go on', async () => {
    const test = await trapWith();
    const before = await join(test.tlsPort);
    test.trap.replaceCertificate(await makeCertificate('other.example.net', Date.now()));
    const after = await join(test.tlsPort);
    expect(before.getPeerCertificate().subject.CN).toBe('pbx.example.org');
    expect(after.getPeerCertificate().subject.CN).toBe('other.example.net');
    before.write(request('a'));
    await test.received(1);
    expect(test.packets).toHaveLength(1);
  });

  it('keeps its certificate when the new one does not fit its key', async () => {
    const test = await trapWith();
    const { certificate } = await makeCertificate('other.example.net', Date.now());
    const { key } = await testCertificate();
    expect(() => {
      test.trap.replaceCertificate({ certificate, key });
    }).toThrow(/key values mismatch/);
    const peer = await join(test.tlsPort);
    expect(peer.getPeerCertificate().subject.CN).toBe('pbx.example.org');
  });
});

describe('what comes in place of a TLS handshake', () => {
  const HELLO_THAT_IS_NONE = Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 0]);

  it.each([
    ['plain SIP', Buffer.from(request('a'))],
    ['plain HTTP', Buffer.from('GET / HTTP/1.0\r\n\r\n')],
    ['one byte', Buffer.from([0])],
    ['a broken hello', HELLO_THAT_IS_NONE],
  ])('is recorded: %s', async (_, bytes) => {
    const test = await trapWith(() => Buffer.from('answer'));
    const peer = await connectTo(test.tlsPort);
    peers.push(peer);
    peer.write(bytes);
    await test.received(1);
    peer.end();
    expect(await readToEnd(peer)).not.toContain('answer');
    expect(test.packets).toMatchObject([{ transport: 'tls', handshake: 'failed', bytes }]);
    expect(test.packets[0]?.tls).toBeUndefined();
    await vi.waitFor(() => {
      expect(test.trap.stats()).toMatchObject({ handshakesFailed: 1, tlsConnectionsOpen: 0 });
    });
  });

  it('is recorded when it stops half-way, and ends in time', async () => {
    const test = await trapWith();
    const silent = await connectTo(test.tlsPort);
    const half = await connectTo(test.tlsPort);
    peers.push(silent, half);
    const hello = Buffer.from([22, 3, 1, 2, 0, 1]);
    half.write(hello);
    await vi.waitFor(() => {
      expect(test.trap.stats().tlsConnectionsOpen).toBe(2);
    });
    // The hello is seen when the socket has been paused for TLS; a datagram tells that it was read.
    const completed = await join(test.tlsPort);
    completed.write(request('a'));
    await test.received(1);
    completed.write('OPTIONS');
    test.clock.nowUs += (LIMITS.handshakeMsMax + 1) * 1_000;
    vi.advanceTimersByTime(1_000);
    await Promise.all([readToEnd(silent), readToEnd(half)]);
    await test.received(2);
    expect(test.packets[1]).toMatchObject({ handshake: 'failed', bytes: hello });
    expect(test.trap.stats()).toMatchObject({ connectionsTimedOut: 2, handshakesFailed: 2 });
    expect(completed.destroyed).toBe(false);
  });

  it('does not keep a trap from closing', async () => {
    const test = await trapWith();
    const half = await connectTo(test.tlsPort);
    peers.push(half);
    half.write(Buffer.from([22, 3, 1, 2, 0, 1]));
    const ended = once(half, 'close');
    await test.trap.close();
    await ended;
    expect(test.trap.stats().connectionsOpen).toBe(0);
  });
});
