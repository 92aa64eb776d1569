// The way from the socket to the stored event: npm run bench -- ingest [--seconds N] [--rate N] [--only NAME]
import { execFile, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { createGunzip } from 'node:zlib';
import { messageTemplates } from './ingest/messages.js';
import { describe, figuresOf } from './ingest/report.js';
import { cpuSeconds, peakMib, startAgent } from './parts/agent.js';

export const ABOUT =
  'messages a second from the socket to database and log, with answers and losses';

const TCP_SENDER = new URL('ingest/tcp-sender.js', import.meta.url).pathname;
const UDP_SENDER = new URL('ingest/udp-sender.c', import.meta.url).pathname;
const RECEIVER = new URL('ingest/receiver.js', import.meta.url).pathname;
const PORT = 25060;
const FLOOD_RATE = 150_000;
/** What to reach for. */
const REACH_RATE = 25_000;
const SOURCES = 1_000;
const WARM_UP = { rate: 4_000, seconds: 4, graceMs: 500 };

/** Every case has a name for --only; `share` is its part of --rate. */
const CASES = [
  { name: 'mix', what: '1,000 sources, 600 bytes', sources: SOURCES, bytes: 600, share: 1 },
  { name: 'half', what: 'the same at half the rate', sources: SOURCES, bytes: 600, share: 0.5 },
  { name: 'one', what: 'one source, 600 bytes', sources: 1, bytes: 600, share: 1 },
  { name: 'large', what: '1,000 sources, 8 KiB', sources: SOURCES, bytes: 8192, share: 0.25 },
  {
    name: 'tcp',
    what: '200 connections, 600 bytes',
    sources: 200,
    bytes: 600,
    share: 0.5,
    tcp: true,
  },
  {
    name: 'reach',
    what: 'the rate to reach for',
    sources: SOURCES,
    bytes: 600,
    rate: REACH_RATE,
  },
  {
    name: 'flood',
    what: 'a flood from 1,000 sources',
    sources: SOURCES,
    bytes: 600,
    rate: FLOOD_RATE,
  },
];

/** Prints each case as it ends, and returns the figures; with --json all that was counted, and none. */
export async function run(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      seconds: { type: 'string', default: '10' },
      rate: { type: 'string', default: '15000' },
      only: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.seconds);
  const rate = Number(values.rate);
  const say = (line) => process.stdout.write(values.json ? '' : `${line}\n`);
  say(
    `Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model}, ${seconds} s a case`,
  );
  say(
    `load average ${loadavg()[0]?.toFixed(1)} before it began; the sender is another process here`,
  );
  const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-bench-'));
  try {
    return await measureAll({ seconds, rate, say, folder, values });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureAll({ seconds, rate, say, folder, values }) {
  const send = compileSender(folder);
  const yardstick = {};
  for (const mode of ['empty', 'answering']) {
    yardstick[mode] = await measureReceiver(send, mode, Math.min(seconds, 5));
    const received = Math.round(yardstick[mode]).toLocaleString('en');
    say(`plain dgram receiver, ${mode}: ${received}/s received`);
  }
  const results = [];
  for (const each of CASES) {
    if (values.only !== undefined && !values.only.includes(each.name)) continue;
    const wanted = each.rate ?? rate * each.share;
    const result = await measureAgent(send, each, wanted, seconds, values.profile);
    result.wantedPerS = wanted;
    result.ofYardstick = result.storedPerS / yardstick.answering;
    results.push({ case: each.name, ...result });
    for (const line of describe(each, result)) say(line);
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ yardstick, results })}\n`);
  return values.json ? null : figuresOf(yardstick, results);
}

async function measureReceiver(send, mode, seconds) {
  const receiver = fork(RECEIVER, [mode]);
  const ask = () => new Promise((resolve) => receiver.once('message', resolve));
  const { port } = await ask();
  const orders = { transport: 'udp', port, sources: SOURCES, bytes: 600, rate: 400_000, seconds };
  const sent = await send({ ...orders, graceMs: 200 });
  const answer = ask();
  receiver.send('count');
  const { received } = await answer;
  receiver.disconnect();
  return received / sent.seconds;
}

/** A function that sends what it is ordered to and resolves with what became of it. */
function compileSender(folder) {
  const program = join(folder, 'udp-sender');
  execFileSync('cc', ['-O2', '-o', program, UDP_SENDER]);
  return ({ transport, graceMs = 2000, ...orders }) =>
    transport === 'tcp'
      ? sendTcp({ ...orders, graceMs })
      : sendUdp(program, { ...orders, graceMs });
}

async function sendTcp(orders) {
  const words = [TCP_SENDER, JSON.stringify(orders)];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout);
}

async function sendUdp(program, { port, sources, bytes, rate, seconds, graceMs }) {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const texts = [];
  child.stdout.on('data', (chunk) => texts.push(chunk));
  child.stdin.end(`${port} ${sources} ${rate} ${seconds} ${graceMs}\n${messageTemplates(bytes)}`);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the sender ended with ${code}`);
  return JSON.parse(Buffer.concat(texts).toString());
}

async function measureAgent(send, { sources, bytes, tcp = false }, rate, seconds, profile) {
  const agent = await startAgent({
    keys: { listen_address: '127.0.0.1', listen_port: PORT, log_max_count: 1000 },
    // A threshold that nobody reaches: every message is answered to the end.
    sections: '[blocking]\nmode = observe\nthreshold = 1000000',
    nodeArgs: profile ? ['--cpu-prof', '--cpu-prof-dir=/tmp/sentrypeer-bench-profile'] : [],
  });
  try {
    const orders = { transport: tcp ? 'tcp' : 'udp', port: PORT, sources, bytes };
    // Code that is still being compiled says nothing about an agent that has run for a while.
    await send({ ...orders, ...WARM_UP });
    const before = await settled(agent);
    const cpuBefore = cpuSeconds(agent.pid);
    const sent = await send({ ...orders, rate, seconds });
    const after = await settled(agent);
    const cpu = cpuSeconds(agent.pid) - cpuBefore;
    const peak = peakMib(agent.pid);
    await agent.stop();
    const logged = (await countLogged(agent.files.json_log_file)) - before.store.events;
    return summarize({ sent, before, after, logged, cpu, peak });
  } finally {
    agent.remove();
  }
}

/** The status when nothing waits for the database any more, and the counts stand still. */
async function settled(agent) {
  let before = await agent.status();
  for (let attempt = 0; attempt < 120; attempt += 1) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const now = await agent.status();
    const still = now.counts.received === before.counts.received;
    if (still && now.store.queued === 0 && now.store.events === before.store.events) return now;
    before = now;
  }
  return before;
}

/** The lines of the log and of those that were set aside meanwhile. */
async function countLogged(file) {
  let lines = 0;
  for (const name of readdirSync(dirname(file))) {
    if (name.startsWith(basename(file))) lines += await countLines(join(dirname(file), name));
  }
  return lines;
}

async function countLines(file) {
  let lines = 0;
  const bytes = createReadStream(file);
  for await (const chunk of file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes) {
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
  }
  return lines;
}

function summarize({ sent, before, after, logged, cpu, peak }) {
  const grown = (read) => read(after) - read(before);
  const { offered, seconds } = sent;
  const received = grown(({ counts }) => counts.received);
  const kernelDrops = grown(({ limits_hit: hit }) => hit.kernel_drops);
  const stored = grown(({ store }) => store.events);
  return {
    offered,
    received,
    kernelDrops,
    answeredByAgent: grown(({ counts }) => counts.answered),
    withheld: grown(({ counts }) => counts.unanswered),
    answersSeen: sent.answered,
    senderCores: sent.cpuS / seconds,
    stored,
    thinned: grown(({ limits_hit: hit }) => hit.samples_thinned),
    logged,
    offeredPerS: offered / seconds,
    storedPerS: stored / seconds,
    lost: offered - received - kernelDrops,
    cpuUsPerMessage: (cpu * 1e6) / received,
    peakMib: peak,
    p50Ms: sent.p50Ms,
    p99Ms: sent.p99Ms,
  };
}
