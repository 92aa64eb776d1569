import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Packet } from '../../../src/core/model/transport.js';
import { openCapture, type Capture } from '../../../src/sensors/capture/capture.js';
import { hep } from '../hep-packets.js';
import { pcap, sip, sipAnswer, tcp, udp } from '../../records/captures.js';

const NOW_US = 1_767_225_600_000_000;
const RAW = 101;
const REQUEST = udp({ from: '203.0.113.7:5070', to: '192.0.2.1:5060', payload: sip('REGISTER') });
const ANSWER = udp({
  from: '192.0.2.1:5060',
  to: '203.0.113.7:5070',
  payload: sipAnswer('401 Unauthorized'),
});

/** What a stranger tells by HEP. */
const FORGED = {
  from: { address: '203.0.113.8', port: 5060 },
  to: { address: '192.0.2.1', port: 5060 },
};

let folder = '';
let capture: Capture | null = null;
const taken: Packet[] = [];
const said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sensors-capture-'));
  taken.length = 0;
  said.length = 0;
});

afterEach(async () => {
  await capture?.close();
  capture = null;
  rmSync(folder, { recursive: true });
});

/** A program in JavaScript that gets `folder` and the words. */
function openWith(
  script: string,
  {
    program = process.execPath,
    tunnels = false,
  }: { readonly program?: string; readonly tunnels?: boolean } = {},
): Capture {
  const file = join(folder, 'program.mjs');
  writeFileSync(
    file,
    `import { appendFileSync, existsSync, readFileSync, writeSync } from 'node:fs';
const [folder, ...words] = process.argv.slice(2);
const stay = () => setInterval(() => undefined, 1_000);
${script}`,
  );
  capture = openCapture({
    wish: {
      ...{ program: 'tcpdump', interface: 'eth0', ports: [5060], filter: '' },
      promiscuous: false,
    },
    ...{ tunnels, rights: {}, becomes: null, nowUs: () => NOW_US },
    take: (packet) => taken.push(packet),
    say: (text) => said.push(text),
    command: [program, file, folder],
    restMs: () => 0,
  });
  return capture;
}

const writes = (...frames: readonly Buffer[]): string => {
  const all = frames.map((bytes, at) => ({ atUs: NOW_US - 5_000_000 + at, bytes }));
  writeFileSync(join(folder, 'pcap'), pcap(all, { linkType: RAW }));
  return "writeSync(1, readFileSync(folder + '/pcap'));";
};

describe('a capture', () => {
  it('hands out the messages of both directions, at the time of our own clock', async () => {
    const { status } = openWith(`${writes(REQUEST, ANSWER)} stay();`);
    await vi.waitFor(() => {
      expect(taken).toHaveLength(2);
    });
    expect(taken.map(({ source, receivedAtUs }) => [source.address, receivedAtUs])).toEqual([
      ['203.0.113.7', NOW_US],
      ['192.0.2.1', NOW_US],
    ]);
    expect(status()).toMatchObject({
      ...{ running: true, problem: null, frames: 2, messages: 2, restarts: 0, kernelDrops: null },
    });
  });

  it('opens no packet within a packet that strangers may have sent, unless it is told to', async () => {
    const inner = Buffer.concat([Buffer.from('0000', 'hex'), Buffer.from('0800', 'hex'), REQUEST]);
    const vxlan = Buffer.concat([
      Buffer.from('0800000000000500', 'hex'),
      Buffer.alloc(12),
      Buffer.from('0800', 'hex'),
      REQUEST,
    ]);
    const frames = [
      udp({ from: '203.0.113.9:5060', to: '192.0.2.1:4789', payload: vxlan }),
      udp({
        from: '203.0.113.9:5060',
        to: '192.0.2.1:5060',
        payload: hep(sip('REGISTER').toString('latin1'), FORGED),
      }),
      ipOf(47, inner),
      ANSWER,
    ];
    const sources = () => new Set(taken.map(({ source }) => source.address));
    openWith(`${writes(...frames)} stay();`);
    await vi.waitFor(() => {
      expect(sources()).toContain('192.0.2.1');
    });
    // What is not opened is the sender's own, whatever it may be.
    expect(sources()).not.toContain('203.0.113.7');
    expect(sources()).not.toContain('203.0.113.8');
    await capture?.close();
    taken.length = 0;
    openWith(`${writes(...frames)} stay();`, { tunnels: true });
    await vi.waitFor(() => {
      expect(sources()).toEqual(new Set(['203.0.113.7', '203.0.113.8', '192.0.2.1']));
    });
    expect(taken).toHaveLength(4);
  });

  it('is started again when its program ends, says why once, and says when it is back', async () => {
    const { status } = openWith(
      `appendFileSync(folder + '/starts', 'x');
      if (readFileSync(folder + '/starts').length < 3) {
        writeSync(2, 'tcpdump: eth0: That device is not up\\n');
        process.exit(1);
      }
      ${writes(REQUEST)} stay();`,
    );
    await vi.waitFor(() => {
      expect(taken).toHaveLength(1);
    });
    expect(status()).toMatchObject({ running: true, problem: null, restarts: 2 });
    expect(said).toEqual([
      'nothing is captured: tcpdump on eth0: tcpdump: eth0: That device is not up; it is tried again',
      'packets are captured again: eth0',
    ]);
  });

  it('does without VLAN tags where the interface has none, at once and without a word', async () => {
    const { status } = openWith(
      `const filter = words.at(-1);
      appendFileSync(folder + '/filters', filter + '\\n');
      if (filter.includes('vlan')) {
        writeSync(2, 'tcpdump: no VLAN support for Linux cooked v2\\n');
        process.exit(1);
      }
      ${writes(REQUEST)} stay();`,
    );
    await vi.waitFor(() => {
      expect(taken).toHaveLength(1);
    });
    expect(readFileSync(join(folder, 'filters'), 'utf8').split('\n')).toHaveLength(3);
    expect(said).toEqual([]);
    expect(status().restarts).toBe(0);
  });

  it('says that its program is not there', async () => {
    const { status } = openWith('', { program: join(folder, 'no-such-program') });
    await vi.waitFor(() => {
      expect(status().problem).toMatch(/no-such-program is not installed$/);
    });
    expect(status().running).toBe(false);
  });

  it('counts what the kernel dropped, of all its programs together', async () => {
    const { status } = openWith(
      `appendFileSync(folder + '/starts', 'x');
      const report = (n) => writeSync(2, 'tcpdump: 9 packets captured, 9 packets received by filter, ' + n + ' packets dropped by kernel\\n');
      report(3);
      if (readFileSync(folder + '/starts').length === 1) process.exit(0);
      report(4);
      ${writes(REQUEST)} stay();`,
    );
    await vi.waitFor(() => {
      expect(status().kernelDrops).toBe(7);
    });
  });

  it('bears garbage, and a stream that nobody can read', async () => {
    const hello = tcp(
      {
        from: '203.0.113.7:5070',
        to: '192.0.2.1:5060',
        payload: Buffer.from('16030100050100000100', 'hex'),
      },
      { seq: 2, ack: 1, flags: 'PA' },
    );
    const { status } = openWith(`${writes(hello, Buffer.alloc(3), REQUEST)} stay();`);
    await vi.waitFor(() => {
      expect(taken).toHaveLength(1);
    });
    expect(status()).toMatchObject({ frames: 3, messages: 1 });
  });
});

function ipOf(protocol: number, payload: Buffer): Buffer {
  const packet = Buffer.from(
    udp({ from: '203.0.113.9:1', to: '192.0.2.1:1', payload: Buffer.alloc(0) }),
  );
  const header = packet.subarray(0, 20);
  header.writeUInt8(protocol, 9);
  header.writeUInt16BE(20 + payload.length, 2);
  return Buffer.concat([header, payload]);
}
