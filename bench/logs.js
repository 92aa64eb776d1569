// How fast lines of a PBX's log are read, beside fail2ban-regex on the same file: npm run bench -- logs [--lines N]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createLogReader } from '../dist/records/logs/read-line.js';
import { parseGrammar } from '../dist/records/logs/parse-grammar.js';
import { createLineTaker, takeLines } from '../dist/sensors/logs/take-lines.js';
import { openLogSensor } from '../dist/sensors/logs/log-sensor.js';
import { makeLines } from './logs/lines.js';
import { atLeast, atMost, measuredBy, noted } from './parts/figures.js';

export const ABOUT = "lines a second out of a PBX's log, beside fail2ban-regex";

const GRAMMARS = join(import.meta.dirname, '../grammars');
const ROUNDS = 3;
const SLICE_BYTES = 65_536;
/** What a host may write while the agent is not looking. */
const BURST_LINES = 50_000;

const say = (text) => process.stdout.write(`${text}\n`);

export async function run(words) {
  const { values } = parseArgs({
    args: words,
    options: { lines: { type: 'string', default: '50000' } },
  });
  const grammars = readdirSync(GRAMMARS)
    .sort()
    .map((name) => parseGrammar(readFileSync(join(GRAMMARS, name), 'utf8'), name));
  const asterisk = grammars.filter(({ kind }) => kind === 'asterisk');
  say(`load average ${loadavg()[0].toFixed(1)}, Node ${process.version}`);
  const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-bench-'));
  try {
    const figures = [];
    const yardsticks = [];
    for (const mix of ['security', 'full']) {
      const file = join(folder, mix);
      writeFileSync(
        file,
        makeLines(mix, Number(values.lines))
          .map((line) => `${line}\n`)
          .join(''),
      );
      const theirs = measureFail2ban(file);
      const ours = best(() => readFile(asterisk, file));
      const auto = best(() => readFile(grammars, file));
      const name = `${mix}: fail2ban-regex`;
      say(
        `${mix}: ${ours.rate} lines/s, auto ${auto.rate}, ${ours.reports} reports; fail2ban-regex ${theirs?.rate ?? 'is not installed'}`,
      );
      if (theirs !== null) yardsticks.push(measuredBy(name, theirs.rate, '/s'));
      const times = theirs === null ? NaN : ours.rate / theirs.rate;
      figures.push(
        noted(`${mix}: lines of a named kind`, ours.rate, '/s', name),
        noted(`${mix}: lines of any kind (auto)`, auto.rate, '/s', name),
        atLeast(`${mix}: times as fast as fail2ban-regex`, times, '', 20),
      );
    }
    return { figures: [...figures, ...(await measureBurst(grammars, folder))], yardsticks };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A shared machine slows down, and never speeds up. */
function best(measure) {
  const all = Array.from({ length: ROUNDS }, measure);
  return all.reduce((a, b) => (b.rate > a.rate ? b : a));
}

/** From the bytes of the file to reports. */
function readFile(grammars, file) {
  const bytes = readFileSync(file);
  const reader = createLogReader(grammars, 'UTC');
  const taker = createLineTaker();
  const nowUs = Date.UTC(2026, 11, 1) * 1_000;
  let [lines, reports] = [0, 0];
  const start = process.hrtime.bigint();
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    for (const line of takeLines(taker, bytes.subarray(at, at + SLICE_BYTES))) {
      lines += 1;
      if (line !== null && reader.read(line, nowUs) !== null) reports += 1;
    }
  }
  if (reader.end(nowUs) !== null) reports += 1;
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  return { rate: Math.round(lines / seconds), reports };
}

/** What it says of its own time, without that of starting Python; null where it is not installed. */
function measureFail2ban(file) {
  const rates = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    let text;
    try {
      text = execFileSync('fail2ban-regex', [file, 'asterisk'], {
        encoding: 'utf8',
        maxBuffer: 1e9,
      });
    } catch (error) {
      if (error.code === 'ENOENT') return null;
      text = String(error.stdout);
    }
    const lines = Number(/Lines: (\d+) lines/.exec(text)?.[1]);
    const seconds = Number(/processed in ([\d.]+) sec/.exec(text)?.[1]);
    rates.push(Math.round(lines / seconds));
  }
  return { rate: Math.max(...rates) };
}

/** The longest that others wait for their turn while a burst is read through the sensor. */
async function measureBurst(grammars, folder) {
  const path = join(folder, 'burst');
  writeFileSync(path, '');
  let reports = 0;
  const sensor = await openLogSensor({
    files: [{ path, kind: 'auto' }],
    journal: [],
    timeZone: 'UTC',
    grammars,
    positionsFile: join(folder, 'positions.json'),
    nowUs: () => Date.now() * 1_000,
    take: () => (reports += 1),
    say,
  });
  await sensor.look();
  writeFileSync(
    path,
    makeLines('security', BURST_LINES)
      .map((line) => `${line}\n`)
      .join(''),
  );
  const waits = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    waits.push(now - last);
    last = now;
  }, 1);
  const start = performance.now();
  await sensor.look();
  const ms = performance.now() - start;
  clearInterval(timer);
  await sensor.close();
  waits.sort((a, b) => a - b);
  const p99 = waits[Math.floor(waits.length * 0.99)];
  say(
    `burst: ${reports} reports of ${BURST_LINES} lines in ${ms.toFixed(0)} ms, turns ${waits.length}`,
  );
  return [
    atMost('burst of 50,000 lines: reports lost', BURST_LINES - reports, 'reports', 0),
    noted('burst of 50,000 lines: until all are told', ms, 'ms'),
    atMost('burst of 50,000 lines: others wait (p99)', p99, 'ms', 10),
    noted('burst of 50,000 lines: others wait at most', waits.at(-1), 'ms'),
  ];
}
