// Sends OPTIONS from a hundred loopback addresses, so many a second, until SIGTERM: node
// bench/api/sender.js PORT RATE. Prints how many it has sent.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const [port, rate] = process.argv.slice(2).map(Number);
const TICK_MS = 10;
const sockets = [];
for (let at = 1; at <= 100; at += 1) {
  const socket = createSocket('udp4');
  socket.bind(0, `127.0.9.${at}`);
  await once(socket, 'listening');
  socket.on('message', () => undefined);
  sockets.push(socket);
}
let sent = 0;
const begun = performance.now();

const message = (number, from) =>
  [
    'OPTIONS sip:100@127.0.0.1 SIP/2.0',
    `Via: SIP/2.0/UDP ${from}:5060;branch=z9hG4bK-${number};rport`,
    `From: <sip:100@127.0.0.1>;tag=${number}`,
    'To: <sip:100@127.0.0.1>',
    `Call-ID: bench-${number}`,
    'CSeq: 1 OPTIONS',
    'Max-Forwards: 70',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');

const timer = setInterval(() => {
  const due = Math.floor(((performance.now() - begun) / 1_000) * rate);
  for (; sent < due; sent += 1) {
    const at = sent % sockets.length;
    sockets[at].send(message(sent, `127.0.9.${at + 1}`), port, '127.0.0.1');
  }
}, TICK_MS);

process.once('SIGTERM', () => {
  clearInterval(timer);
  process.stdout.write(`${sent}\n`, () => process.exit(0));
});
