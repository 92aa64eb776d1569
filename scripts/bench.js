// `npm run bench -- NAME [--record] [options]`: runs bench/NAME.js, prints what it measured beside its
// goals, and keeps it in bench/history with --record. Measuring is never part of the tests: what a
// shared machine gives from one minute to the next says nothing about the program.
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { describeFigures } from '../bench/parts/figures.js';
import { loadNow, record } from '../bench/parts/history.js';

const FOLDER = new URL('../bench/', import.meta.url);
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.js'))
  .map((file) => basename(file, '.js'));

const [name = '', ...given] = process.argv.slice(2);
if (names.includes(name)) await measure(given).catch(refuseWords);
else await printUsage();

async function measure(words) {
  const isRecorded = words.includes('--record');
  const options = words.filter((word) => word !== '--record');
  const bench = await import(new URL(`${name}.js`, FOLDER).href);
  const load = loadNow();
  const measured = await bench.run(options);
  if (measured === null) return;
  process.stdout.write(`\nGoals\n${describeFigures(measured).join('\n')}\n`);
  if (isRecorded) record(name, bench.ABOUT, options, load, measured);
}

async function printUsage() {
  const lines = ['usage: npm run bench -- NAME [--record] [options]', ''];
  for (const each of names) {
    const { ABOUT } = await import(new URL(`${each}.js`, FOLDER).href);
    lines.push(`  ${each.padEnd(10)} ${ABOUT}`);
  }
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exitCode = 2;
}

/** What cannot be read on the command line is no fault of the bench. */
function refuseWords(error) {
  if (!String(error.code).startsWith('ERR_PARSE_ARGS')) throw error;
  process.stderr.write(`bench ${name}: ${error.message}; its options stand in bench/${name}.js\n`);
  process.exitCode = 2;
}
