import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LIMITS } from '../../../src/core/common/limits.js';
import type { Trap } from '../../../src/trap/options.js';
import { openTestTrap, readToEnd, type TestTrap } from '../peers.js';

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

async function trapWith(...[changes, answer]: Parameters<typeof openTestTrap>): Promise<TestTrap> {
  const test = await openTestTrap({ transports: ['tcp'], ...changes }, answer);
  open.push(test.trap);
  return test;
}

async function join(test: TestTrap, from = '127.0.0.1'): Promise<Socket> {
  const peer = connect({ port: test.port, host: '127.0.0.1', localAddress: from });
  peer.on('error', () => undefined);
  await once(peer, 'connect');
  peers.push(peer);
  return peer;
}

const request = (callId: string): string =>
  `OPTIONS sip:1@example.org SIP/2.0\r\nCall-ID: ${callId}\r\nContent-Length: 0\r\n\r\n`;
const texts = (test: TestTrap): string[] =>
  test.packets.map(({ bytes }) => bytes.toString('latin1'));

function sweepAfter(test: TestTrap, milliseconds: number): void {
  test.clock.nowUs += milliseconds * 1_000;
  vi.advanceTimersByTime(1_000);
}

describe('a TCP connection', () => {
  it('gives one packet a message and answers on the same connection', async () => {
    const test = await trapWith({}, ({ bytes }) => Buffer.from(`re:${bytes.length};`));
    const peer = await join(test);
    const { localPort } = peer;
    peer.write(request('a') + request('b').slice(0, 20));
    await test.received(1);
    peer.write(request('b').slice(20));
    await test.received(2);
    peer.end();
    const length = request('a').length;
    expect(await readToEnd(peer)).toBe(`re:${length};re:${length};`);
    expect(texts(test)).toEqual([request('a'), request('b')]);
    expect(test.packets[0]).toMatchObject({
      transport: 'tcp',
      source: { address: '127.0.0.1', port: localPort },
      local: { address: '127.0.0.1', port: test.port },
    });
  });

  it('that speaks no SIP is recorded and closed', async () => {
    const test = await trapWith();
    const peer = await join(test);
    peer.write('GET / HTTP/1.0\r\n\r\n');
    await readToEnd(peer);
    expect(texts(test)).toEqual(['GET / HTTP/1.0\r\n\r\n']);
    expect(test.trap.stats()).toMatchObject({ framingFailures: 1, received: { tcp: 1 } });
  });

  it('that ends within a message leaves what came of it', async () => {
    const test = await trapWith();
    const peer = await join(test);
    peer.end('OPTIONS sip:half');
    await test.received(1);
    expect(texts(test)).toEqual(['OPTIONS sip:half']);
  });

  it('that is reset does no harm', async () => {
    const test = await trapWith();
    const peer = await join(test);
    peer.write(`${request('a')}OPT`);
    await test.received(1);
    peer.resetAndDestroy();
    await test.received(2);
    const next = await join(test);
    next.write(request('b'));
    await test.received(3);
    expect(texts(test)).toEqual([request('a'), 'OPT', request('b')]);
  });

  it('that only keeps alive costs no packet', async () => {
    const test = await trapWith();
    const peer = await join(test);
    peer.write(`\r\n\r\n\r\n\r\n${request('a')}`);
    await test.received(1);
    expect(test.trap.stats()).toMatchObject({ keepAlives: 2, received: { tcp: 1 } });
  });

  it('whose answers nobody reads is closed', async () => {
    const large = Buffer.alloc(LIMITS.streamSendQueueBytesMax / 2, 'x');
    const test = await trapWith({}, () => large);
    const peer = await join(test);
    peer.pause();
    peer.write(request('a').repeat(200));
    await test.received(200);
    expect(test.trap.stats().repliesDropped).toBeGreaterThan(0);
  });
});

describe('the limits', () => {
  it('close a message that does not end in time, and keep what came', async () => {
    const test = await trapWith();
    const slow = await join(test);
    const quick = await join(test);
    slow.write(`${request('a')}OPTIONS sip:slow`);
    quick.write(request('b'));
    await test.received(2);
    sweepAfter(test, LIMITS.tcpMessageMsMax + 1);
    await test.received(3);
    expect(texts(test).at(-1)).toBe('OPTIONS sip:slow');
    expect(test.trap.stats()).toMatchObject({ connectionsTimedOut: 1, connectionsOpen: 1 });
  });

  it('close a connection that never says anything', async () => {
    const test = await trapWith();
    const peer = await join(test);
    const probe = await join(test);
    probe.write(request('a'));
    await test.received(1);
    sweepAfter(test, LIMITS.tcpMessageMsMax + 1);
    expect(await readToEnd(peer)).toBe('');
    expect(test.trap.stats().connectionsTimedOut).toBe(1);
  });

  it('close a connection that says nothing any more', async () => {
    const test = await trapWith();
    const peer = await join(test);
    peer.write(request('a'));
    await test.received(1);
    sweepAfter(test, LIMITS.tcpIdleMsMax);
    expect(test.trap.stats().connectionsTimedOut).toBe(0);
    sweepAfter(test, 1);
    expect(await readToEnd(peer)).toBe('');
    expect(test.trap.stats().connectionsTimedOut).toBe(1);
  });

  it('let the oldest idle one of a source make room, and say so once', async () => {
    const test = await trapWith();
    const [spoken, ...silent] = [await join(test), await join(test), await join(test)];
    spoken.write(request('spoken'));
    await test.received(1);
    const max = LIMITS.tcpConnectionsPerSourceMax;
    for (let index = 3; index < max; index += 1) await join(test);
    for (let index = 0; index < 2; index += 1) await join(test);
    // The two that never said anything, in the order in which they came.
    await Promise.all(silent.map(readToEnd));
    expect(test.trap.stats()).toMatchObject({ connectionsEvicted: 2, connectionsRefused: 0 });
    expect(test.notices.filter((text) => text.includes('too many from 127.0.0.1'))).toHaveLength(1);
    await vi.waitFor(() => {
      expect(test.trap.stats().connectionsOpen).toBe(max);
    });
    spoken.write(request('again'));
    await vi.waitFor(() => {
      expect(texts(test)).toContain(request('again'));
    });
  });

  it('let a network have so many, whatever the address', async () => {
    const test = await trapWith();
    const max = LIMITS.tcpConnectionsPerNetworkMax;
    const first = await join(test, '127.0.7.1');
    const other = await join(test, '127.0.8.1');
    for (let index = 1; index <= max; index += 1) await join(test, `127.0.7.${2 + (index >> 6)}`);
    expect(await readToEnd(first)).toBe('');
    expect(test.trap.stats()).toMatchObject({ connectionsEvicted: 1 });
    other.write(request('other'));
    await vi.waitFor(() => {
      expect(texts(test)).toContain(request('other'));
    });
  });

  it('close who keeps alive and owes a message: the first soon, the next in a while', async () => {
    const test = await trapWith();
    const [never, spoken] = [await join(test), await join(test)];
    spoken.write(request('once'));
    await test.received(1);
    const keepAlive = async (peer: Socket): Promise<void> => {
      const { keepAlives } = test.trap.stats();
      peer.write('\r\n\r\n');
      await vi.waitFor(() => {
        expect(test.trap.stats().keepAlives).toBe(keepAlives + 1);
      });
    };
    for (const peer of [never, spoken]) await keepAlive(peer);
    sweepAfter(test, LIMITS.tcpFirstMessageMsMax);
    expect(test.trap.stats().connectionsTimedOut).toBe(0);
    sweepAfter(test, 1);
    expect(await readToEnd(never)).toBe('');
    expect(test.trap.stats().connectionsTimedOut).toBe(1);
    for (let passed = 0; passed < LIMITS.tcpSilentMsMax; passed += LIMITS.tcpIdleMsMax) {
      await keepAlive(spoken);
      sweepAfter(test, LIMITS.tcpIdleMsMax);
    }
    expect(await readToEnd(spoken)).toBe('');
    expect(test.trap.stats().connectionsTimedOut).toBe(2);
  });
});

describe('what is no message', () => {
  const quiet = (test: TestTrap) =>
    test.packets.filter(({ noted }) => noted?.includes('no-message') === true);

  it('is told when a connection ends without one, so often of one source in a second', async () => {
    const test = await trapWith();
    const count = LIMITS.quietEventsPerSourceMax + 5;
    for (let index = 0; index < count; index += 1) (await join(test)).destroy();
    await vi.waitFor(() => {
      expect(test.trap.stats()).toMatchObject({ connectionsOpen: 0, quietEventsThinned: 5 });
    });
    expect(quiet(test)).toHaveLength(LIMITS.quietEventsPerSourceMax);
    expect(quiet(test)[0]).toMatchObject({ transport: 'tcp', bytes: Buffer.alloc(0) });
    sweepAfter(test, 1_000);
    (await join(test)).destroy();
    await vi.waitFor(() => {
      expect(quiet(test)).toHaveLength(LIMITS.quietEventsPerSourceMax + 1);
    });
  });

  it('is told of a run of keep-alives, and of a few not', async () => {
    const test = await trapWith();
    const peer = await join(test);
    peer.write(`${request('a')}${'\r\n\r\n'.repeat(40)}`);
    await test.received(1);
    peer.write('\r\n\r\n'.repeat(60));
    await test.received(2);
    expect(texts(test)).toEqual([request('a'), '\r\n\r\n']);
  });
});

it('closing the trap gives out what is unfinished and cuts every connection', async () => {
  const test = await trapWith();
  const peer = await join(test);
  peer.write(`${request('a')}OPTIONS sip:rest`);
  await test.received(1);
  await test.trap.close();
  expect(texts(test)).toEqual([request('a'), 'OPTIONS sip:rest']);
  expect(await readToEnd(peer)).toBe('');
  expect(test.trap.stats().connectionsOpen).toBe(0);
});
