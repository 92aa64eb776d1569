// What the HTTP API gives over a large database while the trap takes messages, beside a bare route of
// the same library: npm run bench -- api [--rows N] [--seconds N] [--database FILE, made and kept]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startAgent } from './parts/agent.js';
import { atLeast, atMost, measuredBy, noted } from './parts/figures.js';
import { fill } from './rows/fill.js';

export const ABOUT = 'requests a second, and streams, while the trap takes 2,000 messages a second';

const [SIP_PORT, API_PORT, BARE_PORT] = [25067, 28080, 28081];
const API = `http://127.0.0.1:${API_PORT}`;
const CONNECTIONS = 16;
const STREAMS = 1_000;
const MESSAGES_A_SECOND = 2_000;
const BARE = 'a bare route of fastify with an answer as long';
const SETTLED_MS = 3_000;
const say = (text) => process.stdout.write(`${text}\n`);

export async function run(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      rows: { type: 'string', default: '1000000' },
      seconds: { type: 'string', default: '10' },
      database: { type: 'string' },
    },
  });
  say(`load average ${loadavg()[0].toFixed(1)}, Node ${process.version}`);
  const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-api-'));
  const database = values.database ?? join(folder, 'sentrypeer.db');
  if (!existsSync(database)) await fill(database, Number(values.rows));
  const agent = await startAgent({
    keys: {
      database_file: database,
      listen_address: '127.0.0.1',
      listen_port: SIP_PORT,
      api_port: API_PORT,
      api_requests_per_minute: 100_000_000,
    },
    sections: '[blocking]\nmode = observe\n[retention]\ndatabase_max_size = 1000GiB',
  });
  try {
    return await measure(agent, Number(values.seconds));
  } finally {
    await agent.stop();
    agent.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(agent, seconds) {
  await delay(SETTLED_MS);
  const bare = await measureBare(seconds);
  const before = await agent.status();
  const sender = start('sender.js', [SIP_PORT, MESSAGES_A_SECOND]);
  const rates = {};
  for (const [name, path] of [
    ['stats', '/api/v1/stats'],
    ['events?limit=100', '/api/v1/events?limit=100'],
    ['decisions/stream', '/v1/decisions/stream'],
  ]) {
    rates[name] = await ask(`${API}${path}`, seconds);
    describe(name, rates[name]);
  }
  const streams = start('streams.js', [
    JSON.stringify({ url: `${API}/api/v1/events/stream`, count: STREAMS }),
  ]);
  await streams.line();
  await delay(seconds * 1_000);
  const read = JSON.parse(await streams.end());
  say(`  streams: ${read.open} open, ${read.ended} ended, ${read.events} events read`);
  const sent = Number(await sender.end());
  await delay(SETTLED_MS);
  const lost = lostOf(before, await agent.status(), sent);
  say(`  ${sent} messages sent, ${lost} lost`);
  return {
    figures: [
      atLeast('stats', rates.stats.rate, '/s', 2_000, BARE),
      atMost('stats: p99', rates.stats.p99, 'ms', 50),
      atLeast('events?limit=100', rates['events?limit=100'].rate, '/s', 500, BARE),
      atMost('events?limit=100: p99', rates['events?limit=100'].p99, 'ms', 50),
      noted('decisions/stream', rates['decisions/stream'].rate, '/s', BARE),
      atMost('requests that failed', sum(rates, 'faults'), '', 0),
      atLeast('streams that stay open', read.open - read.ended, '', STREAMS),
      noted('events that the streams read', read.events / seconds, '/s'),
      atMost('messages lost meanwhile', lost, '', 0),
    ],
    yardsticks: [measuredBy(BARE, bare.rate, '/s')],
  };
}

const sum = (rates, field) => Object.values(rates).reduce((all, each) => all + each[field], 0);

/** As long as the answer of stats. */
async function measureBare(seconds) {
  const bytes = (await (await fetch(`${API}/api/v1/stats`)).text()).length;
  const bare = start('bare.js', [BARE_PORT, bytes]);
  await bare.line();
  const measured = await ask(`http://127.0.0.1:${BARE_PORT}/`, seconds);
  describe(`bare (${bytes} bytes)`, measured);
  bare.kill();
  return measured;
}

const ask = async (url, seconds) => {
  const asker = start('asker.js', [JSON.stringify({ url, connections: CONNECTIONS, seconds })]);
  return JSON.parse(await asker.line());
};

const describe = (name, { rate, p99, faults }) =>
  say(`  ${name}: ${rate.toFixed(0)}/s, p99 ${p99?.toFixed(1)} ms, ${faults} failed`);

/** Of what was sent, what the agent did not take, and what any bound of it dropped. */
function lostOf(before, after, sent) {
  const taken = after.counts.received - before.counts.received;
  const bounds = ['samples_thinned', 'events_failed', 'decisions_lost', 'log_lines_lost'];
  const dropped = bounds.map((name) => after.limits_hit[name] - before.limits_hit[name]);
  return sent - taken + dropped.reduce((all, each) => all + each, 0);
}

/** A part of the bench in a process of its own. */
function start(name, words) {
  const file = new URL(`api/${name}`, import.meta.url).pathname;
  const child = spawn(process.execPath, [file, ...words.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const line = async () => {
    const [text] = await once(lines, 'line');
    return text;
  };
  return {
    line,
    end: () => {
      const last = line();
      child.kill('SIGTERM');
      return last;
    },
    kill: () => child.kill('SIGTERM'),
  };
}
