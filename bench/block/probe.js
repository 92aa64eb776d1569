// Whether a blocked source gets through: it sends a datagram each millisecond, and what arrives is timed.
import { createSocket } from 'node:dgram';
import { fileURLToPath } from 'node:url';
import { AGENT_IP } from './lab.js';

const PORT = 9;
const FILE = fileURLToPath(import.meta.url);
const nowMs = () => performance.timeOrigin + performance.now();

const actions = {
  send(from) {
    const socket = createSocket('udp4');
    socket.bind(0, from, () => {
      setInterval(() => socket.send('x', PORT, AGENT_IP), 1);
      process.stdout.write('ready\n');
    });
  },
  receive() {
    const socket = createSocket('udp4');
    socket.on('message', () => process.stdout.write(`${nowMs()}\n`));
    socket.bind(PORT, AGENT_IP, () => process.stdout.write('ready\n'));
  },
};
if (process.argv[1] === FILE) actions[process.argv[2]](process.argv[3]);

/** Starts both ends; resolves when both are at work. `arrivals` are milliseconds since 1970. */
export async function startProbe(place, from) {
  const arrivals = [];
  const receiver = place.start('agent', process.execPath, [FILE, 'receive']);
  await new Promise((resolve) => receiver.stdout.once('data', resolve));
  receiver.stdout.on('data', (chunk) => {
    for (const line of String(chunk).split('\n')) if (line !== '') arrivals.push(Number(line));
  });
  const sender = place.start('attacker', process.execPath, [FILE, 'send', from]);
  await new Promise((resolve) => sender.stdout.once('data', resolve));
  return {
    arrivals,
    stop: () => {
      sender.kill();
      receiver.kill();
    },
  };
}
