// Sends what a PBX mirrors to one port, and OPTIONS to a trap at another, both at a steady rate, in a
// process of its own. Arguments: HEP port, packets a second, trap port, messages a second, seconds.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mirrored } from './messages.js';

const [hepPort, hepRate, trapPort, trapRate, seconds] = process.argv.slice(2).map(Number);
const packets = mirrored(hepRate * seconds);
const socket = createSocket('udp4');
socket.bind(0, '127.0.0.1');
await once(socket, 'listening');

const options = (at) =>
  Buffer.from(
    [
      'OPTIONS sip:100@127.0.0.1 SIP/2.0',
      `Via: SIP/2.0/UDP 127.0.0.1:${socket.address().port};branch=z9hG4bK${at};rport`,
      `From: <sip:100@127.0.0.1>;tag=${at}`,
      'To: <sip:100@127.0.0.1>',
      `Call-ID: ${at}@127.0.0.1`,
      'CSeq: 1 OPTIONS',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );

const began = performance.now();
const sent = { hep: 0, trap: 0 };
const all = { hep: packets.length, trap: trapRate * seconds };
await new Promise((resolve) => {
  const timer = setInterval(() => {
    const passed = (performance.now() - began) / 1_000;
    for (; sent.hep < Math.min(all.hep, hepRate * passed); sent.hep += 1) {
      socket.send(packets[sent.hep], hepPort, '127.0.0.1');
    }
    for (; sent.trap < Math.min(all.trap, trapRate * passed); sent.trap += 1) {
      socket.send(options(sent.trap), trapPort, '127.0.0.1');
    }
    if (sent.hep < all.hep || sent.trap < all.trap) return;
    clearInterval(timer);
    resolve();
  }, 1);
});
const tookS = (performance.now() - began) / 1_000;
socket.close(() => process.stdout.write(JSON.stringify({ ...sent, tookS })));
