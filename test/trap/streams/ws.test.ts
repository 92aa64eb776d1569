import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type WebSocket from 'ws';
import { LIMITS } from '../../../src/core/common/limits.js';
import type { Trap } from '../../../src/trap/options.js';
import { connectTo, openTestTrap, readToEnd, type TestTrap } from '../peers.js';
import { connectTls, openWebSocket, portOf, testCertificate } from '../tls-peers.js';

const open: Trap[] = [];
const peers: (Socket | WebSocket)[] = [];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(async () => {
  for (const peer of peers.splice(0)) {
    if ('terminate' in peer) peer.terminate();
    else peer.destroy();
  }
  await Promise.all(open.splice(0).map((trap) => trap.close()));
  vi.useRealTimers();
});

async function trapWith(answer?: Parameters<typeof openTestTrap>[1]): Promise<TestTrap> {
  const test = await openTestTrap(
    { transports: ['ws', 'wss'], tls: await testCertificate() },
    answer,
  );
  open.push(test.trap);
  return test;
}

async function join(test: TestTrap, transport: 'ws' | 'wss' = 'ws', protocols = ['sip']) {
  const url = `${transport}://127.0.0.1:${portOf(test.trap, transport)}/any/path`;
  const peer = await openWebSocket(url, protocols);
  peers.push(peer);
  return peer;
}

const request = (callId: string): string =>
  `OPTIONS sip:1@example.org SIP/2.0\r\nCall-ID: ${callId}\r\nContent-Length: 0\r\n\r\n`;

function sweepAfter(test: TestTrap, milliseconds: number): void {
  test.clock.nowUs += milliseconds * 1_000;
  vi.advanceTimersByTime(1_000);
}

describe.each(['ws', 'wss'] as const)('SIP over %s', (transport) => {
  it('is one packet a message, text or binary, and is answered on the same connection', async () => {
    const test = await trapWith(({ bytes }) => Buffer.from(`re:${bytes.length}`));
    const peer = await join(test, transport);
    expect(peer.protocol).toBe('sip');
    const answers: string[] = [];
    peer.on('message', (data: Buffer) => answers.push(data.toString()));
    peer.send(request('a'));
    peer.send(Buffer.from(request('b')));
    await vi.waitFor(() => {
      expect(answers).toHaveLength(2);
    });
    expect(answers).toEqual([`re:${request('a').length}`, `re:${request('b').length}`]);
    expect(test.packets.map(({ bytes }) => bytes.toString())).toEqual([request('a'), request('b')]);
    expect(test.packets[0]).toMatchObject({ transport, local: { address: '127.0.0.1' } });
    expect(test.packets[0]?.tls?.version).toBe(transport === 'wss' ? 'TLSv1.3' : undefined);
  });

  it('takes a message of the largest size, and records one that exceeds it', async () => {
    const test = await trapWith();
    const peer = await join(test, transport);
    peer.send(Buffer.alloc(LIMITS.streamMessageBytesMax, 'x'));
    await test.received(1);
    peer.send(Buffer.alloc(LIMITS.streamMessageBytesMax + 1, 'y'));
    await once(peer, 'close');
    await test.received(2);
    expect(test.packets[0]?.bytes).toHaveLength(LIMITS.streamMessageBytesMax);
    expect(test.packets[1]?.bytes.length).toBeGreaterThan(0);
    expect(test.trap.stats().framingFailures).toBe(1);
  });
});

describe('a WebSocket connection', () => {
  it('is let in without the subprotocol, and answers in binary what is no UTF-8', async () => {
    const test = await trapWith(() => Buffer.from([0xff, 0xfe]));
    const peer = await join(test, 'ws', []);
    const answered = once(peer, 'message');
    peer.send(request('a'));
    const [data, binary] = (await answered) as [Buffer, boolean];
    expect([peer.protocol, [...data], binary]).toEqual(['', [0xff, 0xfe], true]);
  });

  it('keeps alive with pings and line ends, which are no messages', async () => {
    const test = await trapWith();
    const peer = await join(test);
    const answered = once(peer, 'pong');
    peer.ping();
    await answered;
    peer.send('\r\n\r\n');
    peer.send(request('a'));
    await test.received(1);
    expect(test.packets).toHaveLength(1);
    expect(test.trap.stats().keepAlives).toBe(2);
  });

  it('that begins a message and never ends it is closed in time; an idle one is not', async () => {
    const test = await trapWith();
    const idle = await join(test);
    idle.send(request('idle'));
    await test.received(1);
    const slow = await join(test);
    slow.send('OPTIONS ', { fin: false });
    // A ping between its parts does not begin its time anew.
    test.clock.nowUs += 1_000;
    slow.ping();
    await once(slow, 'pong');
    const ended = once(slow, 'close');
    sweepAfter(test, LIMITS.tcpMessageMsMax);
    expect(test.trap.stats().connectionsTimedOut).toBe(1);
    await ended;
    expect(idle.readyState).toBe(idle.OPEN);
  });

  it('that ends within a message leaves what came of it, unmasked, its control frames left out', async () => {
    const test = await trapWith();
    const peer = await join(test);
    peer.send(request('whole'));
    peer.send('OPTIONS sip:1@a', { fin: false });
    peer.ping('between');
    peer.send(' SIP/2.0\r\nVia: x', { fin: false });
    await once(peer, 'pong');
    peer.terminate();
    await test.received(2);
    expect(test.packets.map(({ bytes }) => bytes.toString())).toEqual([
      request('whole'),
      'OPTIONS sip:1@a SIP/2.0\r\nVia: x',
    ]);
  });

  it('that sends no frame at all is recorded by its bytes', async () => {
    const test = await trapWith();
    const peer = await connectTo(portOf(test.trap, 'ws'));
    peers.push(peer);
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13';
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket';
    peer.write(`GET / HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n${key}\r\n\r\n`);
    const [head] = (await once(peer, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1.1 101 /);
    peer.write(request('a'));
    await test.received(1);
    expect(test.packets[0]?.bytes.toString()).toBe(request('a'));
  });
});

describe('what comes in place of a WebSocket handshake', () => {
  it.each([
    ['an HTTP request', 'GET /admin HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['two at once', 'GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['an HTTP request without a host', 'GET / HTTP/1.1\r\n\r\n'],
    ['an HTTP request with a body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi'],
    ['an HTTP request that expects', 'PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n'],
    ['an HTTP request that expects oddly', 'PUT / HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n'],
    ['a CONNECT', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['plain SIP', request('a')],
    ['no text at all', '\x16\x03\x01'],
    ['a broken head', 'GET / HTTP/1.1\r\n: x\r\n\r\n'],
    ['another upgrade', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
    [
      'an upgrade without a key',
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ],
  ])('is recorded and turned away: %s', async (_, text) => {
    const test = await trapWith(() => Buffer.from('answer'));
    const peer = await connectTo(portOf(test.trap, 'ws'));
    peers.push(peer);
    peer.write(text, 'latin1');
    expect(await readToEnd(peer)).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect(test.packets).toHaveLength(1);
    expect(test.packets[0]).toMatchObject({ transport: 'ws', handshake: 'failed' });
    expect(test.packets[0]?.bytes.toString('latin1')).toBe(text);
    expect(test.trap.stats()).toMatchObject({ handshakesFailed: 1, connectionsOpen: 0 });
  });

  it('keeps the TLS record of a handshake that was completed below it', async () => {
    const test = await trapWith();
    const peer = await connectTls(portOf(test.trap, 'wss'));
    peers.push(peer);
    peer.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await readToEnd(peer);
    expect(test.packets).toMatchObject([
      { transport: 'wss', handshake: 'failed', tls: { version: 'TLSv1.3' } },
    ]);
  });

  it('may come byte by byte, but not for ever', async () => {
    const test = await trapWith();
    const slow = await connectTo(portOf(test.trap, 'ws'));
    peers.push(slow);
    const part = 'GET / HTTP/1.1\r\nX-a: ';
    for (const byte of part) slow.write(byte);
    const ended = readToEnd(slow);
    // What came before this one was read before it.
    const other = await connectTo(portOf(test.trap, 'ws'));
    peers.push(other);
    other.write('GET / HTTP/1.1\r\n\r\n');
    await readToEnd(other);
    sweepAfter(test, LIMITS.handshakeMsMax + 1);
    await ended;
    await test.received(2);
    expect(test.trap.stats().connectionsTimedOut).toBe(1);
    expect(test.packets[1]?.bytes.toString()).toBe(part);
  });

  it('is cut off beyond the bound of a head', async () => {
    const test = await trapWith();
    const peer = await connectTo(portOf(test.trap, 'ws'));
    peers.push(peer);
    peer.write(`GET / HTTP/1.1\r\nX-a: ${'x'.repeat(LIMITS.streamHeadBytesMax)}`);
    await readToEnd(peer);
    expect(test.packets[0]?.bytes.length).toBeGreaterThan(LIMITS.streamHeadBytesMax);
  });
});
