import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LIMITS } from '../../src/core/common/limits.js';
import { readHep } from '../../src/records/hep/hep.js';
import { openHepOut, type HepOut, type HepOutOptions } from '../../src/sensors/hep/hep-out.js';

const CONTENT = {
  transport: 'udp',
  source: { address: '203.0.113.7', port: 5070 },
  destination: { address: '192.0.2.1', port: 5060 },
  atUs: 1_800_000_000_000_000,
  bytes: Buffer.from('OPTIONS sip:a@b SIP/2.0\r\n\r\n'),
} as const;

let server: Socket;
let out: HepOut | null = null;
const heard: Buffer[] = [];
const said: string[] = [];

beforeEach(async () => {
  heard.length = 0;
  said.length = 0;
  server = createSocket('udp4', (bytes) => heard.push(bytes));
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  await out?.close();
  out = null;
  server.close();
});

function open(change: Partial<HepOutOptions> = {}): HepOut {
  out = openHepOut({
    ...{ host: 'homer.example', port: server.address().port },
    ...{ id: 2001, name: 'trap', key: 's3cret' },
    nowMs: () => 0,
    say: (text) => said.push(text),
    lookUp: () => Promise.resolve(['127.0.0.1']),
    ...change,
  });
  return out;
}

describe('HEP to a server', () => {
  it('tells each message, those before its address was known too', async () => {
    const { send, counts, waiting } = open();
    send(CONTENT);
    expect(waiting()).toBe(1);
    await vi.waitFor(() => {
      expect(heard).toHaveLength(1);
    });
    send({ ...CONTENT, bytes: Buffer.from('SIP/2.0 200 OK\r\n\r\n') });
    await vi.waitFor(() => {
      expect(counts).toEqual({ sent: 2, dropped: 0 });
    });
    const read = heard.map((packet) => readHep(packet));
    expect(read[0]).toMatchObject({ source: CONTENT.source, key: 's3cret' });
  });

  it('gives up what is too much for a server that is not there, and says why once', async () => {
    let failed = 0;
    const lookUp = (): Promise<readonly string[]> => {
      failed += 1;
      return Promise.reject(new Error('queryA ENOTFOUND'));
    };
    const { send, counts, waiting, problem } = open({ lookUp });
    await vi.waitFor(() => {
      expect(failed).toBe(1);
    });
    for (let sent = 0; sent < LIMITS.hepOutWaitingMax + 7; sent += 1) send(CONTENT);
    expect(counts).toEqual({ sent: 0, dropped: 7 });
    expect(waiting()).toBe(LIMITS.hepOutWaitingMax);
    expect(problem()).toBe('queryA ENOTFOUND');
    expect(said).toHaveLength(1);
  });

  it('tells no more in a second than the trap can spare', async () => {
    let nowMs = 0;
    const { send, counts } = open({ nowMs: () => nowMs });
    send(CONTENT);
    await vi.waitFor(() => {
      expect(counts.sent).toBe(1);
    });
    for (let sent = 1; sent < LIMITS.hepOutPerSecondMax; sent += 1) {
      send(CONTENT);
      // What is under way is bounded, too.
      if (sent % 500 === 0)
        await vi.waitFor(() => {
          expect(counts.sent).toBe(sent + 1);
        });
    }
    await vi.waitFor(() => {
      expect(counts.sent).toBe(LIMITS.hepOutPerSecondMax);
    });
    send(CONTENT);
    expect(counts.dropped).toBe(1);
    nowMs = 1_000;
    send(CONTENT);
    await vi.waitFor(() => {
      expect(counts.sent).toBe(LIMITS.hepOutPerSecondMax + 1);
    });
  });

  it('bears a port where nobody listens', async () => {
    const { send, counts, problem } = open();
    await vi.waitFor(() => {
      send(CONTENT);
      expect(counts.sent).toBeGreaterThan(0);
    });
    server.close();
    await once(server, 'close');
    await vi.waitFor(() => {
      send(CONTENT);
      expect(problem()).toMatch(/ECONNREFUSED/);
    });
    expect(said).toHaveLength(1);
    server = createSocket('udp4');
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
  });

  it('drops what fits into no packet', () => {
    const { send, counts } = open();
    send({ ...CONTENT, bytes: Buffer.alloc(65_410) });
    expect(counts.dropped).toBe(1);
  });
});
