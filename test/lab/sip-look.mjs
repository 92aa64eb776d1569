// Sends one polite OPTIONS and prints the first line of what comes back, or `silence`.
// Arguments: source address, destination address, port, milliseconds to wait.
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

const [from, to, port, msMax] = process.argv.slice(2);
const host = isIPv6(to) ? `[${to}]` : to;
const own = isIPv6(from) ? `[${from}]` : from;
const socket = createSocket(isIPv6(to) ? 'udp6' : 'udp4');
const number = process.hrtime.bigint();

socket.on('message', (bytes) => {
  console.log(bytes.toString('latin1').split('\r\n')[0]);
  process.exit(0);
});
setTimeout(() => {
  console.log('silence');
  process.exit(0);
}, Number(msMax));
socket.bind(0, from, () => {
  const lines = [
    `OPTIONS sip:100@${host} SIP/2.0`,
    `Via: SIP/2.0/UDP ${own}:${socket.address().port};branch=z9hG4bK${number};rport`,
    'Max-Forwards: 70',
    `From: "Front desk" <sip:frontdesk@${own}>;tag=${number}`,
    `To: <sip:100@${host}>`,
    `Call-ID: ${number}@${own}`,
    'CSeq: 1 OPTIONS',
    `Contact: <sip:frontdesk@${own}:${socket.address().port}>`,
    'Accept: application/sdp',
    'Allow: INVITE, ACK, CANCEL, OPTIONS, BYE',
    'User-Agent: a phone of a person who only looks',
    'Content-Length: 0',
  ];
  socket.send(`${lines.join('\r\n')}\r\n\r\n`, Number(port), to);
});
