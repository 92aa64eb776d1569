// One scan from each of the addresses PREFIX1 … PREFIXn. Arguments: destination, prefix, n.
import { createSocket } from 'node:dgram';

const [to, prefix, count] = process.argv.slice(2);
for (let hop = 1; hop <= Number(count); hop += 1) {
  const from = `${prefix}${hop}`;
  const socket = createSocket('udp6');
  await new Promise((resolve) => socket.bind(0, from, resolve));
  const lines = [
    `OPTIONS sip:100@[${to}] SIP/2.0`,
    `Via: SIP/2.0/UDP [${from}]:${socket.address().port};branch=z9hG4bK${hop};rport`,
    `From: <sip:100@[${to}]>;tag=${hop}`,
    `To: <sip:100@[${to}]>`,
    `Call-ID: ${hop}`,
    'CSeq: 1 OPTIONS',
    'Max-Forwards: 70',
    'User-Agent: friendly-scanner',
    'Content-Length: 0',
  ];
  await new Promise((resolve) => socket.send(`${lines.join('\r\n')}\r\n\r\n`, 5060, to, resolve));
  socket.close();
}
