import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  findHolder,
  judgePorts,
  readBoundSockets,
  readTable,
  apiSockets,
  wantedSockets,
  type BoundSocket,
  type WantedSocket,
} from '../../../src/agent/doctor/ports.js';

const wanted: WantedSocket = { transport: 'udp', address: '192.0.2.1', port: 5060 };
const socket = (change: Partial<BoundSocket>): BoundSocket => ({
  protocol: 'udp',
  family: 4,
  address: '010200C0',
  port: 5060,
  inode: '7',
  ...change,
});
const other = () => ({ pid: 9, name: 'asterisk' });
const agent = () => ({ pid: 5, name: 'node' });
const hidden = () => null;

describe('a port that the trap wants', () => {
  const judge = (
    bound: readonly BoundSocket[] | null,
    holder: () => { pid: number; name: string } | null,
    pid: number | null,
    place: WantedSocket = wanted,
  ): string | undefined => judgePorts([place], bound, holder, pid)[0]?.outcome;

  it.each([
    ['is free', [], other, null, 'ok'],
    ['is free although the agent runs', [], agent, 5, 'fail'],
    ['is held by another', [socket({})], other, null, 'fail'],
    ['is held by the agent', [socket({})], agent, 5, 'ok'],
    ['is held by a stranger to this user', [socket({})], hidden, null, 'unknown'],
    ['is held on all addresses', [socket({ address: '00000000' })], other, null, 'fail'],
    ['is held on all addresses of both families', [all6()], other, null, 'fail'],
    ['is another port', [socket({ port: 5061 })], other, null, 'ok'],
    ['is held on another address', [socket({ address: '020200C0' })], other, null, 'ok'],
    ['is held for TCP alone', [socket({ protocol: 'tcp' })], other, null, 'ok'],
    ['cannot be looked at', null, other, null, 'unknown'],
  ] as const)('%s', (_, bound, holder, pid, outcome) => {
    expect(judge(bound, holder, pid)).toBe(outcome);
  });

  it('is held on one address where all are wanted', () => {
    expect(judge([socket({})], other, null, { ...wanted, address: '0.0.0.0' })).toBe('fail');
    expect(judge([socket({})], other, null, { ...wanted, address: '::1' })).toBe('ok');
  });

  it('is told by the name of who has it, which may not end a line', () => {
    const [finding] = judgePorts([wanted], [socket({})], () => ({ pid: 9, name: 'a\nb' }), null);
    expect(finding?.what).toMatch(/^\S+ \(pid 9\) listens there$/);
    expect(finding?.remedy).toContain('ss -lunp sport = :5060');
  });

  function all6(): BoundSocket {
    return socket({ family: 6, address: '0'.repeat(32) });
  }
});

it('the sockets that are wanted are those of each transport on each address', () => {
  const ports = { listenPort: 5060, tlsPort: 5061, wsPort: 5066, wssPort: 7443 };
  const addresses = ['192.0.2.1', '::1'];
  const settings = { listenAddresses: addresses, transports: ['udp', 'wss'] as const, ...ports };
  const found = wantedSockets({ ...settings, transports: [...settings.transports] });
  expect(found.map(({ transport, address, port }) => `${transport} ${address} ${port}`)).toEqual([
    'udp 192.0.2.1 5060',
    'wss 192.0.2.1 7443',
    'udp ::1 5060',
    'wss ::1 7443',
  ]);
});

it("the kernel's tables are read, connections left out", () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 00000000:13C4 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 123 1',
    '   1: 0100007F:13C4 0100007F:9000 01 00000000:00000000 00:00000000 00000000     0        0 124 1',
    '',
  ].join('\n');
  expect(readTable(table, 'tcp', 4)).toEqual([
    { protocol: 'tcp', family: 4, address: '00000000', port: 5060, inode: '123' },
  ]);
});

it('the holder of a real socket is this process', async () => {
  const own = createSocket('udp4');
  own.bind(0, '127.0.0.1');
  await once(own, 'listening');
  const { port } = own.address();
  const place: WantedSocket = { transport: 'udp', address: '127.0.0.1', port };
  expect(judgePorts([place], readBoundSockets(), findHolder, null)[0]).toMatchObject({
    outcome: 'fail',
    what: expect.stringContaining(`(pid ${process.pid})`) as string,
  });
  expect(judgePorts([place], readBoundSockets(), findHolder, process.pid)[0]?.outcome).toBe('ok');
  own.close();
});

it('looks for the doors of the HTTP API as well, where it is on', () => {
  const settings = { apiEnabled: true, apiAddress: '127.0.0.1', apiPort: 8_080, legacyApiPort: 0 };
  const first = { transport: 'tcp', address: '127.0.0.1', port: 8_080 };
  expect(apiSockets(settings)).toEqual([first]);
  expect(apiSockets({ ...settings, legacyApiPort: 8_082 })).toEqual([
    first,
    { ...first, port: 8_082 },
  ]);
  expect(apiSockets({ ...settings, apiEnabled: false })).toEqual([]);
});
