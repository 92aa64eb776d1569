// Runs in the attacker's namespace, told what to do by words.
// single FIRST COUNT GAP_MS   one offending UDP packet from each of COUNT addresses
// load RATE                   harmless OPTIONS from one address, for ever
// crowd FIRST COUNT           COUNT TCP sources, all connected first, then all offending at once
import { createSocket } from 'node:dgram';
import net from 'node:net';

const TO = '10.98.0.1';
const [what, ...words] = process.argv.slice(2);
const address = (index) => `10.50.${(index >> 8) & 255}.${index & 255}`;
// The tag begins with what is no hexadecimal digit, which SIPVicious' own are: the rules tell its programs by them.
const message = (method, from, agent, transport = 'UDP') =>
  [
    `${method} sip:100@${TO} SIP/2.0`,
    `Via: SIP/2.0/${transport} ${from}:5060;branch=z9hG4bK-${process.hrtime.bigint()}`,
    `From: <sip:100@${TO}>;tag=t${process.hrtime.bigint()}`,
    `To: <sip:100@${TO}>`,
    `Call-ID: ${process.hrtime.bigint()}`,
    `CSeq: 1 ${method}`,
    `User-Agent: ${agent}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const actions = {
  async single(first, count, gapMs) {
    for (let index = first; index < first + count; index += 1) {
      const from = address(index);
      const socket = createSocket('udp4');
      await new Promise((resolve) => socket.bind(0, from, resolve));
      socket.send(message('OPTIONS', from, 'friendly-scanner'), 5060, TO, () => socket.close());
      await pause(gapMs);
    }
  },
  async load(rate) {
    const socket = createSocket('udp4');
    await new Promise((resolve) => socket.bind(0, '10.98.0.2', resolve));
    const started = performance.now();
    for (let sent = 0; ;) {
      const due = ((performance.now() - started) * rate) / 1000;
      for (; sent < due; sent += 1)
        socket.send(message('OPTIONS', '10.98.0.2', 'monitor'), 5060, TO);
      await pause(2);
    }
  },
  async crowd(first, count) {
    const sockets = [];
    for (let index = first; index < first + count; index += 1) {
      const socket = net.connect({ host: TO, port: 5060, localAddress: address(index) });
      socket.on('error', () => undefined);
      await new Promise((resolve) => socket.once('connect', resolve));
      sockets.push([socket, address(index)]);
    }
    process.stdout.write('connected\n');
    await new Promise((resolve) => process.stdin.once('data', resolve));
    for (const [socket, from] of sockets) {
      socket.write(message('OPTIONS', from, 'friendly-scanner', 'TCP'));
    }
    await pause(5000);
    process.exit(0);
  },
};
await actions[what](...words.map(Number));
