// The yardstick of the store: the same rows, three indexes, one transaction, by better-sqlite3 in a
// process of its own; by the sqlite3 shell where that cannot be installed.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, closeSync, writeFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeEvents } from './events.js';

const execFileAsync = promisify(execFile);
/** The last line of it that runs on Node 20. Nothing but this bench uses it. */
const VERSION = '12.4.1';
const FOLDER = fileURLToPath(
  new URL('../../node_modules/.cache/sentrypeer-bench/', import.meta.url),
);
const CHUNK = 2_000;

const COLUMNS = Array.from({ length: 29 }, (_, at) => `c${at}`);
const SCHEMA =
  'PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;' +
  `CREATE TABLE events(id INTEGER PRIMARY KEY,${COLUMNS.slice(1).join(',')});` +
  'CREATE INDEX a ON events(c4);CREATE INDEX b ON events(c2);CREATE INDEX c ON events(c19);';

/** `{ name, perSecond }` for so many rows into a new database in `folder`. */
export async function measureYardstick(folder, rows, say) {
  if (!isInstalled()) install(say);
  if (!isInstalled()) return { name: 'the sqlite3 shell', perSecond: await byShell(folder, rows) };
  const script = fileURLToPath(import.meta.url);
  const words = [script, join(folder, 'yardstick.db'), String(rows)];
  const { stdout } = await execFileAsync(process.execPath, words);
  return { name: `better-sqlite3 ${VERSION}`, perSecond: Number(stdout) };
}

const isInstalled = () => existsSync(join(FOLDER, 'node_modules', 'better-sqlite3', 'build'));

function install(say) {
  say(`installing better-sqlite3 ${VERSION} for the yardstick (once, about a minute) …`);
  mkdirSync(FOLDER, { recursive: true });
  const contents = { private: true, allowScripts: { 'better-sqlite3': true } };
  writeFileSync(join(FOLDER, 'package.json'), JSON.stringify(contents));
  try {
    const words = ['install', '--no-save', `better-sqlite3@${VERSION}`];
    execFileSync('npm', words, { cwd: FOLDER, stdio: 'ignore' });
  } catch {
    say('it could not be installed: the sqlite3 shell serves instead');
  }
}

const valuesOf = (event) => [
  ...[event.id, event.uuid, event.receivedAtUs, 'udp', event.source.address, 5060],
  ...['192.0.2.1', 5060, 'none', 'request', 'REGISTER', 'sip:100@192.0.2.1', null, null, '100'],
  ...['100', null, 'friendly-scanner', String(event.id), event.attackType, event.score, 401, '[]'],
  ...[event.raw, event.rawLength, null, null, null, null],
];

/** Only what better-sqlite3 does is timed: the rows are made between. */
function insertAll(file, rows) {
  const Database = createRequire(FOLDER)('better-sqlite3');
  const database = new Database(file);
  database.exec(SCHEMA);
  const places = COLUMNS.map(() => '?').join(',');
  const insert = database.prepare(`INSERT INTO events VALUES(${places})`);
  database.exec('BEGIN');
  let ms = 0;
  for (let id = 1; id <= rows; id += CHUNK) {
    const chunk = makeEvents(id, Math.min(CHUNK, rows - id + 1)).map(valuesOf);
    ms += timed(() => {
      for (const values of chunk) insert.run(values);
    });
  }
  ms += timed(() => database.exec('COMMIT'));
  database.close();
  return rows / (ms / 1_000);
}

function timed(work) {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}

async function byShell(folder, rows) {
  const file = join(folder, 'yardstick.sql');
  const text = (value) => {
    if (value === null) return 'NULL';
    if (typeof value === 'number') return String(value);
    return Buffer.isBuffer(value)
      ? `x'${value.toString('hex')}'`
      : `'${value.replaceAll("'", "''")}'`;
  };
  const out = openSync(file, 'w');
  writeSync(out, `${SCHEMA}\nBEGIN;\n`);
  for (let id = 1; id <= rows; id += CHUNK) {
    const chunk = makeEvents(id, Math.min(CHUNK, rows - id + 1));
    const lines = chunk.map(
      (event) => `INSERT INTO events VALUES(${valuesOf(event).map(text).join(',')});\n`,
    );
    writeSync(out, lines.join(''));
  }
  writeSync(out, 'COMMIT;\n');
  closeSync(out);
  const begun = performance.now();
  await execFileAsync('sqlite3', [join(folder, 'yardstick.db'), `.read ${file}`]);
  return rows / ((performance.now() - begun) / 1_000);
}

const [, script, file, rows] = process.argv;
if (script === fileURLToPath(import.meta.url) && file !== undefined) {
  process.stdout.write(String(insertAll(file, Number(rows))));
}
