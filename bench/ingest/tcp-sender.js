// The sender over TCP: a process of its own with a bounded count and time. It is given its orders as
// JSON in its first argument and prints what it did as JSON.
import { once } from 'node:events';
import { connect } from 'node:net';
import { createMessages, numberOf } from './messages.js';

const orders = JSON.parse(process.argv[2]);
const { port, sources, bytes, rate, seconds, graceMs } = orders;
const countMax = Math.floor(rate * seconds);
/** Every so many-th message is timed. */
const TIMED_EVERY = 8;
const GRACES_MAX = 8;
const sentMs = new Float64Array(Math.ceil(countMax / TIMED_EVERY) + 1);
const tookMs = [];
const counts = { offered: 0, answered: 0, sendErrors: 0 };
const message = createMessages(bytes, 'tcp');

const answerTo = (number) => {
  counts.answered += 1;
  if (number < 0 || number % TIMED_EVERY !== 0) return;
  tookMs.push(performance.now() - sentMs[number / TIMED_EVERY]);
};

const peers = await openTcp();
const startedMs = performance.now();
await sendAll();
const sendingS = (performance.now() - startedMs) / 1000;
// Until no answer comes any more: closing earlier would throw away what a slow agent has not read.
for (let seen = -1, round = 0; seen !== counts.answered && round < GRACES_MAX; round += 1) {
  seen = counts.answered;
  await new Promise((resolve) => setTimeout(resolve, graceMs));
}
for (const peer of peers) peer.close();
tookMs.sort((one, other) => one - other);
const quantile = (part) => tookMs[Math.floor((tookMs.length - 1) * part)] ?? null;
const cpu = process.cpuUsage();
const result = { ...counts, seconds: sendingS, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
result.cpuS = (cpu.user + cpu.system) / 1e6;
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));

/** Keeps to the rate: each round of the event loop sends what is due, so that answers are read too. */
async function sendAll() {
  const endMs = startedMs + seconds * 1000;
  for (let now = startedMs; now < endMs && counts.offered < countMax; now = performance.now()) {
    const due = Math.min(countMax, Math.ceil(((now - startedMs) / 1000) * rate));
    const burst = Math.min(due - counts.offered, 256);
    for (let index = 0; index < burst; index += 1) {
      const number = counts.offered;
      if (number % TIMED_EVERY === 0) sentMs[number / TIMED_EVERY] = performance.now();
      peers[number % peers.length].send(message(number));
      counts.offered += 1;
    }
    await new Promise((resolve) => (burst === 256 ? setImmediate : setTimeout)(resolve, 0));
  }
}

/** Loopback is a /8: each source is an address of its own. */
function addressOf(index) {
  return `127.${1 + (index >> 14)}.${(index >> 7) & 127}.${1 + (index & 127)}`;
}

async function openTcp() {
  const opened = [];
  for (let index = 0; index < sources; index += 1) {
    const socket = connect({ port, host: '127.0.0.1', localAddress: addressOf(index) });
    await once(socket, 'connect');
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let from = 0;
      for (let end = all.indexOf('\r\n\r\n'); end !== -1; end = all.indexOf('\r\n\r\n', from)) {
        answerTo(numberOf(all.subarray(from, end)));
        from = end + 4;
      }
      rest = all.subarray(from);
    });
    socket.on('error', () => (counts.sendErrors += 1));
    // A stream takes a copy: the template is written over before the kernel has it.
    opened.push({ send: (buffer) => socket.write(Buffer.from(buffer)), close: () => socket.end() });
  }
  return opened;
}
