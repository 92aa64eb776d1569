import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type WebSocket from 'ws';
import { LIMITS } from '../../src/core/common/limits.js';
import type { Trap } from '../../src/trap/options.js';
import { connectTo, openTestTrap, type TestTrap } from './peers.js';
import { openWebSocket, portOf } from './tls-peers.js';

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
  const test = await openTestTrap({ transports: ['ws'] }, answer);
  open.push(test.trap);
  return test;
}

async function join(test: TestTrap) {
  const peer = await openWebSocket(`ws://127.0.0.1:${portOf(test.trap, 'ws')}/`);
  peers.push(peer);
  return peer;
}

const request = (callId: string): string =>
  `OPTIONS sip:1@example.org SIP/2.0\r\nCall-ID: ${callId}\r\nContent-Length: 0\r\n\r\n`;

function sweepAfter(test: TestTrap, milliseconds: number): void {
  test.clock.nowUs += milliseconds * 1_000;
  vi.advanceTimersByTime(1_000);
}

describe('a WebSocket frame that a strict reader refuses', () => {
  const upgrade =
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
  const register = Buffer.from(request('a').replace('OPTIONS', 'REGISTER'));
  const broken = Buffer.concat([register, Buffer.from([0xff])]);
  const frame = (first: number, payload: Buffer, masked = true): Buffer => {
    const head = Buffer.from([first, (masked ? 0x80 : 0) | 126, 0, 0]);
    head.writeUInt16BE(payload.length, 2);
    if (!masked) return Buffer.concat([head, payload]);
    const mask = Buffer.from([1, 2, 3, 4]);
    return Buffer.concat([head, mask, payload.map((byte, at) => byte ^ (mask[at & 3] ?? 0))]);
  };

  it.each<[string, Buffer, number, Buffer, readonly string[]]>([
    ['no UTF-8', frame(0x81, broken), 1007, broken, ['ws-not-utf8']],
    ['not masked', frame(0x81, register, false), 1002, register, ['ws-unmasked']],
    ['both', frame(0x81, broken, false), 1002, broken, ['ws-unmasked', 'ws-not-utf8']],
    ['compressed', frame(0xc1, register), 1002, register, ['ws-compressed']],
    ['a reserved opcode', frame(0x83, register), 1002, register, ['ws-bad-frame']],
    ['a reserved bit', frame(0xa1, register), 1002, register, ['ws-bad-frame']],
    ['a part of nothing', frame(0x80, register), 1002, register, ['ws-bad-frame']],
    [
      'no UTF-8 in several frames, with a ping between',
      Buffer.concat([
        frame(0x01, broken.subarray(0, 30)),
        Buffer.from('898001020304', 'hex'),
        frame(0x80, broken.subarray(30)),
      ]),
      1007,
      broken,
      ['ws-not-utf8'],
    ],
    [
      'one that promises too much',
      Buffer.concat([Buffer.from('82ff000000000001000000000000', 'hex'), register]),
      1009,
      register,
      ['ws-too-large'],
    ],
  ])('is decoded, named and closed: %s', async (_name, bytes, status, expected, noted) => {
    const test = await trapWith(() => Buffer.from('SIP/2.0 200 OK\r\n\r\n'));
    const peer = await connectTo(portOf(test.trap, 'ws'));
    peers.push(peer);
    peer.write(upgrade);
    await once(peer, 'data');
    peer.write(bytes);
    await test.received(1);
    expect(test.packets[0]?.bytes.toString('latin1')).toBe(expected.toString('latin1'));
    expect(test.packets[0]?.noted).toEqual(noted);
    const [sent] = (await once(peer, 'data')) as [Buffer];
    // After a pong, where there was a ping, a close with its status and nothing more.
    expect(sent.at(-4)).toBe(0x88);
    expect(sent.readUInt16BE(sent.length - 2)).toBe(status);
    expect(test.trap.stats().framingFailures).toBe(1);
  });

  it('is the last that is read, and its peer is cut off when it does not close', async () => {
    const test = await trapWith();
    const peer = await connectTo(portOf(test.trap, 'ws'));
    peers.push(peer);
    peer.write(upgrade);
    await once(peer, 'data');
    peer.write(frame(0x81, broken));
    await test.received(1);
    peer.write(frame(0x81, register));
    const ended = once(peer, 'close');
    sweepAfter(test, LIMITS.tcpMessageMsMax + 1);
    await ended;
    expect(test.packets).toHaveLength(1);
  });

  it('is fine in binary, where any byte may stand', async () => {
    const test = await trapWith();
    const peer = await join(test);
    peer.send(broken);
    await test.received(1);
    expect(test.packets[0]?.bytes).toEqual(broken);
    expect(test.packets[0]?.noted).toBeUndefined();
  });
});

describe('a WebSocket that a web page opened', () => {
  it('is known by its Origin', async () => {
    const test = await trapWith();
    const url = `ws://127.0.0.1:${portOf(test.trap, 'ws')}/`;
    const peer = await openWebSocket(url, ['sip'], { origin: 'https://attacker.example' });
    peers.push(peer);
    peer.send(request('a'));
    await test.received(1);
    expect(test.packets[0]?.noted).toEqual(['web-page']);
  });
});
