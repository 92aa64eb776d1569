// `npm run bench -- NAME [options]`: runs bench/NAME.js. Measuring is never part of the tests: what a
// shared machine gives from one minute to the next says nothing about the program.
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';

const FOLDER = new URL('../bench/', import.meta.url);
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.js'))
  .map((file) => basename(file, '.js'));

const [name = '', ...words] = process.argv.slice(2);
if (names.includes(name)) {
  const bench = await import(new URL(`${name}.js`, FOLDER).href);
  await bench.run(words).catch(refuseWords);
} else {
  const lines = ['usage: npm run bench -- NAME [options]', ''];
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
