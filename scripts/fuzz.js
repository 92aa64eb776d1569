// Mutated and made-up messages against all that reads packets: `npm run fuzz -- 600` for that many
// seconds, `npm run fuzz -- --count 1000000` for that many messages; `--seed N` repeats a run. Ends
// with 1 when a message makes anything throw, breaks what must hold, or takes over 5 ms; with --untimed
// times do not count, which is for tests. SIP_CORPORA adds its messages to the seeds.
import { createMutator } from './fuzz/mutate.js';
import { loadSeeds } from './fuzz/seeds.js';
import { createTargets } from './fuzz/targets.js';
import { checkCost, checkGrowth } from './fuzz/growth.js';

const SLOW_MS = 5;
/**
 * Another program may have had the processor, or the collector of garbage: only what is slow each time
 * is slow, by the clock and by the processor's time as well.
 */
const RETRIES = 8;
const REPORT_EVERY_MS = 10_000;
const FINDINGS_MAX = 10;

const wanted = readWords(process.argv.slice(2));
const seeds = await loadSeeds();
const mutate = createMutator(seeds, wanted.seed);
const targets = await createTargets();
const findings = [];
const counts = { messages: 0, bytes: 0, slowestMs: 0, retried: 0 };
const startedMs = performance.now();
let reportedMs = startedMs;

process.stdout.write(`fuzzing from ${seeds.length} seeds, --seed ${wanted.seed}\n`);
while (!isOver() && findings.length < FINDINGS_MAX) {
  const bytes = mutate();
  counts.messages += 1;
  counts.bytes += bytes.length;
  for (const target of targets) tryOn(target, bytes);
  const nowMs = performance.now();
  if (nowMs - reportedMs < REPORT_EVERY_MS) continue;
  reportedMs = nowMs;
  process.stdout.write(`${describe()}\n`);
}
for (const finding of wanted.timed ? [...checkGrowth(targets), ...checkCost(targets)] : []) {
  findings.push(finding);
  process.stdout.write(`FOUND ${finding}\n`);
}
process.stdout.write(`${describe()}\n`);
process.stdout.write(findings.length === 0 ? 'clean\n' : `${findings.length} findings\n`);
process.exitCode = findings.length === 0 ? 0 : 1;

function tryOn(target, bytes) {
  try {
    let ms = timeOf(target, bytes);
    if (!wanted.timed) return;
    for (let again = 0; ms > SLOW_MS && again < RETRIES; again += 1) {
      counts.retried += 1;
      ms = Math.min(ms, timeOf(target, bytes), cpuTimeOf(target, bytes));
    }
    counts.slowestMs = Math.max(counts.slowestMs, ms);
    if (ms > SLOW_MS) note(target, bytes, `takes ${ms.toFixed(1)} ms`);
  } catch (error) {
    note(target, bytes, error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

function timeOf(target, bytes) {
  const began = performance.now();
  target.run(bytes);
  return performance.now() - began;
}

function cpuTimeOf(target, bytes) {
  const began = process.cpuUsage();
  target.run(bytes);
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

function note(target, bytes, what) {
  const finding = `${target.name}: ${what}\n  ${bytes.length} bytes: ${bytes.toString('base64')}`;
  findings.push(finding);
  process.stdout.write(`FOUND ${finding}\n`);
}

function isOver() {
  return wanted.count === null
    ? performance.now() - startedMs >= wanted.seconds * 1000
    : counts.messages >= wanted.count;
}

function describe() {
  const seconds = (performance.now() - startedMs) / 1000;
  const mean = Math.round(counts.bytes / Math.max(1, counts.messages));
  return (
    `${counts.messages} messages in ${seconds.toFixed(0)} s ` +
    `(${Math.round(counts.messages / seconds)}/s, ${mean} bytes each), slowest ` +
    `${counts.slowestMs.toFixed(2)} ms, ${findings.length} findings`
  );
}

function readWords(words) {
  const options = { seconds: 60, count: null, seed: Date.now() % 2 ** 31, timed: true };
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index];
    if (word === '--count') options.count = readNumber(words[(index += 1)]);
    else if (word === '--untimed') options.timed = false;
    else if (word === '--seed') options.seed = readNumber(words[(index += 1)]);
    else options.seconds = readNumber(word);
  }
  return options;
}

function readNumber(word) {
  if (/^\d{1,12}$/.test(word ?? '')) return Number(word);
  process.stderr.write(`fuzz: not a number: ${word}\nusage: npm run fuzz -- SECONDS | --count N\n`);
  process.exit(2);
}
