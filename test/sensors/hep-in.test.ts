import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { parseCidr } from '../../src/core/common/address.js';
import type { Packet } from '../../src/core/model/transport.js';
import { openHepIn, type HepIn, type HepInOptions } from '../../src/sensors/hep/hep-in.js';
import { waitUntil } from '../lab/wait-until.js';
import { hep } from './hep-packets.js';

const SIP = 'OPTIONS sip:a@b SIP/2.0\r\n\r\n';
const PLACE = {
  from: { address: '203.0.113.7', port: 5070 },
  to: { address: '192.0.2.1', port: 5060 },
};
const LOOPBACK = parseCidr('127.0.0.0/8');

let opened: HepIn | null = null;
afterEach(async () => {
  await opened?.close();
  opened = null;
});

async function open(change: Partial<HepInOptions> = {}) {
  const taken: Packet[] = [];
  opened = await openHepIn({
    listen: { address: '127.0.0.1', port: 0 },
    key: null,
    senders: LOOPBACK === null ? [] : [LOOPBACK],
    nowUs: () => 7,
    take: (packet) => taken.push(packet),
    ...change,
  });
  return { taken, hepIn: opened };
}

async function sendUdp({ listening: { port } }: HepIn, packets: readonly Buffer[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const packet of packets) {
    await new Promise((resolve) => {
      socket.send(packet, port, '127.0.0.1', resolve);
    });
  }
  socket.close();
}

const all = ({ counts }: HepIn): number =>
  counts.taken + counts.foreign + counts.wrongKey + counts.damaged + counts.notSip;

describe('HEP from a PBX', () => {
  it('is taken over UDP, as the message that it tells of, at the time of its arrival', async () => {
    const { taken, hepIn } = await open();
    await sendUdp(hepIn, [hep(SIP, PLACE)]);
    await waitUntil('the packet is there', () => taken.length > 0, 5_000);
    const { from: source, to: local } = PLACE;
    expect(taken).toEqual([
      { receivedAtUs: 7, transport: 'udp', source, local, bytes: Buffer.from(SIP) },
    ]);
  });

  it('is taken over TCP on the same port, in pieces, until something else comes', async () => {
    const { taken, hepIn } = await open();
    const socket = connect(hepIn.listening.port, '127.0.0.1');
    const closed = once(socket, 'close');
    const bytes = Buffer.concat([hep(SIP, PLACE), hep(SIP, PLACE)]);
    socket.write(bytes.subarray(0, 50));
    await new Promise((resolve) => setImmediate(resolve));
    socket.write(bytes.subarray(50));
    await waitUntil('both are there', () => taken.length === 2, 5_000);
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await closed;
    expect(taken).toHaveLength(2);
  });

  it('is left, and counted, without the key, damaged, or when it is no SIP', async () => {
    const { taken, hepIn } = await open({ key: 'secret' });
    await sendUdp(hepIn, [
      hep(SIP, PLACE),
      hep(SIP, { ...PLACE, key: 'secreT' }),
      Buffer.from('HEP3 and nothing'),
      hep(SIP, { ...PLACE, key: 'secret' }),
    ]);
    await waitUntil('all are there', () => all(hepIn) === 4, 5_000);
    expect(hepIn.counts).toEqual({ taken: 1, wrongKey: 2, damaged: 1, foreign: 0, notSip: 0 });
    expect(taken).toHaveLength(1);
  });

  it('is not taken of others than the senders', async () => {
    const other = parseCidr('192.0.2.0/24');
    const { taken, hepIn } = await open({ senders: other === null ? [] : [other] });
    await sendUdp(hepIn, [hep(SIP, PLACE)]);
    const socket = connect(hepIn.listening.port, '127.0.0.1');
    await once(socket, 'close');
    await waitUntil('both are counted', () => hepIn.counts.foreign === 2, 5_000);
    expect(taken).toEqual([]);
  });

  it('cannot be had where the port is taken, and says what to do', async () => {
    const { hepIn } = await open();
    const again = openHepIn({
      listen: hepIn.listening,
      ...{ key: null, senders: [], nowUs: () => 0, take: () => undefined },
    });
    await expect(again).rejects.toMatchObject({
      code: 'SENSOR_UNAVAILABLE',
      remedy: 'set another address or port as listen in [hep], or end the program that has it',
    });
  });
});
