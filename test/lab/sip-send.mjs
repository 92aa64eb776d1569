// Sends SIP requests, one a millisecond, and waits for no answer.
// Arguments: source address, destination address, how many, bytes of each, method, user agent.
import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';

const [from, to, count, bytes, method, agent] = process.argv.slice(2);
const socket = createSocket('udp4');
await new Promise((resolve) => socket.bind(0, from, resolve));
const { port } = socket.address();
for (let at = 0; at < Number(count); at += 1) {
  const number = process.hrtime.bigint();
  const lines = [
    `${method} sip:100@${to} SIP/2.0`,
    `Via: SIP/2.0/UDP ${from}:${port};branch=z9hG4bK${number};rport`,
    'Max-Forwards: 70',
    `From: <sip:100@${from}>;tag=${number}`,
    `To: <sip:100@${to}>`,
    `Call-ID: ${number}@${from}`,
    `CSeq: 1 ${method}`,
    `Contact: <sip:100@${from}:${port}>`,
    `User-Agent: ${agent}`,
    'X-Filler: ',
    'Content-Length: 0',
  ];
  const text = `${lines.join('\r\n')}\r\n\r\n`;
  const filler = 'x'.repeat(Math.max(0, Number(bytes) - text.length));
  socket.send(text.replace('X-Filler: ', `X-Filler: ${filler}`), 5060, to);
  await delay(1);
}
socket.close();
