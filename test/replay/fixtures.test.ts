import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { decodeAll } from '../records/decode.js';

/**
 * vxlan.pcap is sipsak's, through the tunnel of a Linux kernel, with an ICMP error that quotes it;
 * the others are made by hand.
 */
it.each<[string, readonly string[]]>([
  ['vxlan', ['udp 198.51.100.7 OPTIONS']],
  ['gre', Array.from({ length: 10 }, () => 'udp 203.0.113.9 OPTIONS')],
  ['websocket', Array.from({ length: 5 }, () => 'ws 203.0.113.9 REGISTER')],
  [
    'tcp-serverside',
    ['tcp 203.0.113.9 REGISTER', 'tcp 192.0.2.10 INVITE', 'tcp 192.0.2.10 OPTIONS'],
  ],
])('reads %s.pcap', (name, expected) => {
  const { messages } = decodeAll(readFileSync(`test/fixtures/captures/${name}.pcap`));
  const told = messages.map(({ packet: { transport, source, bytes } }) => {
    const [method = ''] = bytes.toString('latin1').split(' ');
    return `${transport} ${source.address} ${method}`;
  });
  expect(told).toEqual(expected);
});
