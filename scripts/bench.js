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
  await bench.run(words);
} else {
  const lines = ['usage: npm run bench -- NAME [options]', ''];
  for (const each of names) {
    const { ABOUT } = await import(new URL(`${each}.js`, FOLDER).href);
    lines.push(`  ${each.padEnd(10)} ${ABOUT}`);
  }
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exitCode = 2;
}
