// HEP of a PBX while the trap has its own work: npm run bench -- hep [--rate N] [--trap N] [--seconds N]
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { readHep } from '../dist/records/hep/hep.js';
import { mirrored } from './hep/messages.js';
import { cpuSeconds, peakMib, startAgent } from './parts/agent.js';
import { atLeast, atMost, measuredBy, noted } from './parts/figures.js';

export const ABOUT =
  'HEP packets a second through the decoder, and from the socket to the detectors';

const SENDER = new URL('hep/sender.js', import.meta.url).pathname;
const RECEIVER = new URL('ingest/receiver.js', import.meta.url).pathname;
const TRAP_PORT = 25_060;
const HEP_PORT = 25_062;
/** Until nothing comes any more. */
const GRACE_MS = 1_500;
const DECODED = 200_000;
const say = (text) => process.stdout.write(`${text}\n`);

export async function run(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      rate: { type: 'string', default: '10000' },
      trap: { type: 'string', default: '2000' },
      seconds: { type: 'string', default: '10' },
    },
  });
  const [rate, trap, seconds] = [values.rate, values.trap, values.seconds].map(Number);
  const decoded = decode();
  say(`decoder   ${Math.round(decoded)} packets a second`);
  const bare = await bareReceiver(rate, seconds);
  say(`bare Node ${Math.round(bare)} packets a second of ${rate} sent`);
  const told = await throughAgent(rate, trap, seconds);
  say(`agent     ${JSON.stringify(told)}`);
  const [plain, lost] = ['bare dgram receiver', 'HEP packets lost'];
  return {
    figures: [
      noted('decoder alone', decoded, '/s'),
      atLeast('HEP taken, beside a trap at work', told.taken / told.tookS, '/s', 9_900, plain),
      atMost(lost, told.sent - told.taken, '', 0),
      atMost('messages to the trap lost', told.toTrap - told.trapped, '', 0),
      noted('processor of the agent', told.cpuShare, 'of one'),
      noted('most memory', told.peakMib, 'MiB'),
    ],
    yardsticks: [measuredBy(plain, bare, '/s')],
  };
}

/** Packets a second, by one thread that does nothing else. */
function decode() {
  const packets = mirrored(4_000);
  const round = () => {
    for (let at = 0; at < DECODED; at += 1) readHep(packets[at % packets.length]);
  };
  round();
  const began = performance.now();
  round();
  return DECODED / ((performance.now() - began) / 1_000);
}

const send = async (...words) =>
  JSON.parse((await promisify(execFile)(process.execPath, [SENDER, ...words.map(String)])).stdout);

async function bareReceiver(rate, seconds) {
  const receiver = fork(RECEIVER, []);
  const [{ port }] = await once(receiver, 'message');
  const { tookS } = await send(port, rate, port, 0, seconds);
  await delay(GRACE_MS);
  receiver.send('count');
  const [{ received }] = await once(receiver, 'message');
  receiver.disconnect();
  return received / tookS;
}

async function throughAgent(rate, trap, seconds) {
  const agent = await startAgent({
    keys: { listen_address: '127.0.0.1', listen_port: TRAP_PORT },
    sections:
      `[blocking]\nmode = observe\n[hep]\nlisten = 127.0.0.1:${HEP_PORT}\n` +
      '[pbx]\naddresses = 192.0.2.1',
  });
  try {
    // Until what is compiled late is compiled.
    await send(HEP_PORT, rate / 4, TRAP_PORT, trap / 4, 4);
    await delay(GRACE_MS);
    const before = await agent.status();
    const cpu = cpuSeconds(agent.pid);
    const { hep, trap: toTrap, tookS } = await send(HEP_PORT, rate, TRAP_PORT, trap, seconds);
    await delay(GRACE_MS);
    const after = await agent.status();
    const taken = (status) => status.sensors.find(({ sensor }) => sensor === 'hep').taken;
    return {
      ...{ sent: hep, taken: taken(after) - taken(before), tookS },
      ...{ toTrap, trapped: after.counts.received - before.counts.received },
      cpuShare: (cpuSeconds(agent.pid) - cpu) / tookS,
      peakMib: peakMib(agent.pid),
    };
  } finally {
    await agent.stop();
    agent.remove();
  }
}
