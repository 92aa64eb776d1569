import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { LIMITS } from '../../src/core/common/limits.js';
import type { TrapStats } from '../../src/trap/options.js';
import { compileStore, type CompiledStore } from '../store/compile.js';
import { connectTo, openPeer, readToEnd, sendTo } from './peers.js';

/** A trap that answers all it gets, in a process with descriptors of its own; obeys lines of input. */
const PROGRAM = `
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openTrap } from './trap/open.js';
const trap = await openTrap({
  addresses: ['127.0.0.1'], port: 0, transports: ['udp', 'tcp'],
  // Time stands still, so that a slow machine cuts nobody off.
  nowUs: () => 1e15, onNotice: () => undefined,
  onPacket: (_packet, reply) => reply(Buffer.from('answer')),
});
const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
const taken = [];
const orders = {
  stats: () => trap.stats(),
  take: () => { try { for (;;) taken.push(openSync('/dev/null', 'r')); } catch (error) { return error.code; } },
  free: () => { for (const one of taken.splice(0)) closeSync(one); return 'freed'; },
};
say({ port: trap.listening[0].port, connectionsMax: trap.connectionsMax });
for await (const line of createInterface({ input: process.stdin })) say(orders[line]());
await trap.close();
`;

let compiled: CompiledStore;
let program: string;
beforeAll(() => {
  compiled = compileStore(['core', 'trap']);
  program = compiled.addProgram('crowd.js', PROGRAM);
});
afterAll(() => {
  compiled.remove();
});

const children: ChildProcess[] = [];
const peers: Socket[] = [];
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.destroy();
  for (const child of children.splice(0)) {
    child.stdin?.end();
    if (child.exitCode === null) await once(child, 'exit');
  }
});

interface ChildTrap {
  readonly port: number;
  readonly connectionsMax: number;
  ask<Answer>(order: 'stats' | 'take' | 'free'): Promise<Answer>;
}

/** `descriptorsMax`: what the shell allows the process; null: as many as this one has. */
async function startTrap(descriptorsMax: number | null): Promise<ChildTrap> {
  const limit = descriptorsMax === null ? ':' : `ulimit -n ${descriptorsMax}`;
  const child = spawn('sh', ['-c', `${limit}; exec "$0" "$1"`, process.execPath, program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  // The program above is the only one that writes there.
  const next = async <Answer>(): Promise<Answer> =>
    JSON.parse(String((await lines.next()).value)) as Answer;
  const first = await next<{ port: number; connectionsMax: number }>();
  return {
    ...first,
    ask: (order) => {
      child.stdin.write(`${order}\n`);
      return next();
    },
  };
}

/** One of so many addresses of loopback: one source, and one /24, may have few connections only. */
const addressOf = (index: number): string => {
  const source = Math.floor(index / (LIMITS.tcpConnectionsPerSourceMax * 0.8));
  return `127.0.${1 + (source >> 3)}.${1 + (source & 7)}`;
};

async function openMany(port: number, count: number): Promise<Socket[]> {
  const opened: Socket[] = [];
  for (let done = 0; done < count; done += 200) {
    const some = Array.from({ length: Math.min(200, count - done) }, (_, index) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress: addressOf(done + index) });
      socket.on('error', () => undefined);
      return socket;
    });
    peers.push(...some);
    opened.push(...some);
    await Promise.all(some.map((socket) => once(socket, 'connect')));
  }
  return opened;
}

async function askByUdp(port: number): Promise<string> {
  const peer = await openPeer(port);
  const answered = once(peer, 'message') as Promise<[Buffer]>;
  await sendTo(peer, Buffer.from('hello'));
  const [answer] = await answered;
  peer.close();
  return answer.toString();
}

async function askByTcp(port: number): Promise<string> {
  const peer = await connectTo(port);
  peers.push(peer);
  peer.write('OPTIONS sip:1@example.org SIP/2.0\r\nContent-Length: 0\r\n\r\n');
  const [answer] = (await once(peer, 'data')) as [Buffer];
  return answer.toString();
}

const descriptorsHere = Number(
  /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1],
);

describe('a crowd', () => {
  it('of 10,000 connections, 1,000 of them slow, does not keep others from their answer', async () => {
    const trap = await startTrap(null);
    const count = Math.min(trap.connectionsMax, descriptorsHere - 500);
    const crowd = await openMany(trap.port, count - 1);
    for (const slow of crowd.slice(0, 1_000))
      slow.write('OPTIONS sip:1@example.org SIP/2.0\r\nVia');
    expect(await askByUdp(trap.port)).toBe('answer');
    expect(await askByTcp(trap.port)).toBe('answer');
    const stats = await trap.ask<TrapStats>('stats');
    expect(stats).toMatchObject({ connectionsOpen: count, connectionsRefused: 0 });
    if (count === trap.connectionsMax) {
      // The next newcomer is answered, and one of the first, which never gave a message, makes room.
      const isGone = Promise.race(crowd.slice(0, 200).map((peer) => once(peer, 'close')));
      expect(await askByTcp(trap.port)).toBe('answer');
      await isGone;
      const after = await trap.ask<TrapStats>('stats');
      expect(after).toMatchObject({ connectionsOpen: count, connectionsEvicted: 1 });
    }
  }, 60_000);

  it('beyond what the descriptors allow makes room, and is counted, each of it', async () => {
    const trap = await startTrap(200);
    expect(trap.connectionsMax).toBe(100);
    const crowd = await openMany(trap.port, 150);
    await vi.waitFor(async () => {
      const stats = await trap.ask<TrapStats>('stats');
      expect(stats).toMatchObject({
        connectionsOpen: 100,
        connectionsEvicted: 50,
        secondsWithoutDescriptors: 0,
      });
    });
    expect(await askByUdp(trap.port)).toBe('answer');
    for (const peer of crowd) peer.destroy();
    await vi.waitFor(async () => {
      expect((await trap.ask<TrapStats>('stats')).connectionsOpen).toBe(0);
    });
    expect(await askByTcp(trap.port)).toBe('answer');
  });

  it('is survived without any descriptor, which is counted, until there are some again', async () => {
    const trap = await startTrap(200);
    expect(await trap.ask('take')).toBe('EMFILE');
    const lost = await connectTo(trap.port);
    peers.push(lost);
    await readToEnd(lost);
    expect(await askByUdp(trap.port)).toBe('answer');
    await vi.waitFor(
      async () => {
        const stats = await trap.ask<TrapStats>('stats');
        expect(stats.secondsWithoutDescriptors).toBeGreaterThan(0);
      },
      { timeout: 5_000, interval: 100 },
    );
    expect(await trap.ask('free')).toBe('freed');
    expect(await askByTcp(trap.port)).toBe('answer');
  });
});
