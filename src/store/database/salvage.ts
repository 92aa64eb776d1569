import { access, rename, rm, writeFile } from 'node:fs/promises';
import { fileExists, resolveLinks } from './files.js';
import { openForWriting } from './migrate.js';
import { openDatabase, sqliteCode, type Database } from './sqlite.js';

/** What was saved of a damaged database, rows by table, and where it lies now. */
export interface Salvage {
  readonly asideFile: string;
  readonly saved: Readonly<Record<string, number>>;
  /** Tables of which not all could be read. */
  readonly incomplete: readonly string[];
}

/** Tables by what is missed most; those of events are the largest, and come last. */
const TABLES = [
  'meta',
  'protected_peers',
  'api_tokens',
  'outbox',
  'blocks',
  'sightings',
  'counters',
  'sources',
  'numbers',
  'number_forms',
  'credentials',
  'calls',
  'job_runs',
  'thinned',
  'events',
] as const;

const CHUNK_ROWS = 10_000;

const markOf = (databaseFile: string): string => `${databaseFile}.damaged`;

/** Notes that the database is damaged: it is set aside by the agent that has it, or at the next start. */
export const markDamaged = (databaseFile: string): Promise<void> =>
  writeFile(markOf(databaseFile), '', { mode: 0o600 });

/** A folder that cannot be looked into is found, and told, by who opens the database. */
export const isMarkedDamaged = (databaseFile: string): Promise<boolean> =>
  access(markOf(databaseFile)).then(
    () => true,
    () => false,
  );

/**
 * Sets a damaged database aside as `<file>.damaged-<time>`, begins a new one, and copies what can be
 * read: of each table from its beginning and from its end up to the damage. Nobody else may have
 * the database open.
 */
export async function salvageDatabase(databaseFile: string, nowMs: number): Promise<Salvage> {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  // The file itself, and not a link to it: what SQLite keeps beside it lies there, too.
  const realFile = await resolveLinks(databaseFile);
  const asideFile = await freeName(`${realFile}.damaged-${time}`);
  // The WAL belongs to the file and holds its last batches.
  for (const side of ['-wal', '-shm', '']) {
    if (await fileExists(`${realFile}${side}`))
      await rename(`${realFile}${side}`, `${asideFile}${side}`);
  }
  await rm(markOf(databaseFile), { force: true });
  // Where it lay: the name may be a link, and leads nowhere now.
  const database = await openForWriting(realFile);
  try {
    const { saved, incomplete } = await copyTables(database, asideFile);
    return { asideFile, saved, incomplete };
  } finally {
    await database.close();
  }
}

/** A second one of the same second does not take the place of the first. */
async function freeName(name: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? name : `${name}-${number}`;
    if (!(await fileExists(free))) return free;
  }
}

/** What became of a damaged database, a sentence. */
export function describeSalvage({ asideFile, saved, incomplete }: Salvage): string {
  const lost = incomplete.length === 0 ? 'nothing' : `parts of ${incomplete.join(', ')}`;
  return (
    `the damaged database lies in ${asideFile}; saved ${saved['events'] ?? 0} events and ` +
    `${saved['blocks'] ?? 0} blocks, lost ${lost}`
  );
}

async function copyTables(database: Database, asideFile: string) {
  const saved: Record<string, number> = {};
  const incomplete: string[] = [];
  let old: Database;
  try {
    old = await openDatabase(asideFile, 'read');
  } catch {
    // Not even its first page can be read: there is nothing to save.
    return { saved, incomplete: [...TABLES] };
  }
  try {
    // Ours counts what is kept by itself; the rows of the old one are inserted without their count.
    for (const table of TABLES) {
      const { rows, whole } = await copyTable(database, old, table);
      saved[table] = rows;
      if (!whole) incomplete.push(table);
    }
    await database.run(
      `INSERT OR REPLACE INTO counters SELECT 'all', 'events_kept', 0, '', count(*) FROM events`,
    );
  } finally {
    await old.close();
  }
  return { saved, incomplete };
}

interface Copied {
  readonly rows: number;
  readonly whole: boolean;
}

async function copyTable(database: Database, old: Database, table: string): Promise<Copied> {
  const known = await storedColumns(database, table);
  const found = await readable(() => storedColumns(old, table));
  // Tables that came later than the damaged file were never in it.
  if (found?.length === 0) return { rows: 0, whole: true };
  const columns = known.filter((column) => found?.includes(column) === true);
  if (columns.length === 0) return { rows: 0, whole: false };
  const key = columns.includes('id') ? 'id' : null;
  if (key === null) return copyByOffset(database, old, table, columns);
  const forward = await copyFrom(database, old, { table, columns, key, descending: false });
  if (forward.whole) return forward;
  const backward = await copyFrom(database, old, { table, columns, key, descending: true });
  return { rows: forward.rows + backward.rows, whole: false };
}

interface Course {
  readonly table: string;
  readonly columns: readonly string[];
  readonly key: string;
  readonly descending: boolean;
}

/** Copies in the order of the key until the end, or until nothing more can be read. */
async function copyFrom(database: Database, old: Database, course: Course): Promise<Copied> {
  const { table, columns, key, descending } = course;
  const at = columns.indexOf(key);
  const [compare, order] = descending ? ['<', 'DESC'] : ['>', 'ASC'];
  let last: number | null = null;
  let rows = 0;
  for (let size = CHUNK_ROWS; size >= 1;) {
    const where: string = last === null ? '' : `WHERE ${key} ${compare} ${last}`;
    const sql = `SELECT json_array(${columns.map(asJson).join(',')}) AS row${rawOf(columns)}
      FROM ${table} ${where} ORDER BY ${key} ${order} LIMIT ${size}`;
    const chunk = await readable(() => old.all<Row>(sql));
    if (chunk === null) {
      size = Math.floor(size / 10);
      continue;
    }
    rows += await insertRows(database, table, columns, chunk);
    const final = chunk.at(-1);
    if (final === undefined || chunk.length < size) return { rows, whole: true };
    const next: unknown = (JSON.parse(final.row) as unknown[])[at];
    // Pages that lead back to themselves would be read for ever.
    if (typeof next !== 'number' || (last !== null && next < last === !descending)) break;
    if (next === last) break;
    last = next;
  }
  return { rows, whole: false };
}

async function copyByOffset(
  database: Database,
  old: Database,
  table: string,
  columns: readonly string[],
): Promise<Copied> {
  const order = columns.slice(0, 4).join(',');
  let rows = 0;
  for (let offset = 0; ; offset += CHUNK_ROWS) {
    const sql = `SELECT json_array(${columns.map(asJson).join(',')}) AS row
      FROM ${table} ORDER BY ${order} LIMIT ${CHUNK_ROWS} OFFSET ${offset}`;
    const chunk = await readable(() => old.all<Row>(sql));
    if (chunk === null) return { rows, whole: false };
    rows += await insertRows(database, table, columns, chunk);
    if (chunk.length < CHUNK_ROWS) return { rows, whole: true };
  }
}

interface Row {
  /** The columns as a JSON array; bytes apart. */
  readonly row: string;
  readonly raw?: Uint8Array | null;
}

const asJson = (column: string): string => (column === 'raw' ? 'NULL' : column);
const rawOf = (columns: readonly string[]): string => (columns.includes('raw') ? ', raw' : '');

async function insertRows(
  database: Database,
  table: string,
  columns: readonly string[],
  rows: readonly Row[],
): Promise<number> {
  const fields = columns.map((column, index) => (column === 'raw' ? '?2' : `?1 ->> ${index}`));
  const sql = `INSERT OR IGNORE INTO ${table} (${columns.join(',')}) VALUES (${fields.join(',')})`;
  const withRaw = columns.includes('raw');
  const statement = await database.prepare(sql);
  let inserted = 0;
  await database.exec('BEGIN IMMEDIATE');
  try {
    for (const { row, raw = null } of rows) {
      const values = withRaw ? [row, raw] : [row];
      // What nonsense a damaged page holds may not fit the columns.
      inserted += (await readable(() => statement.run(values))) ?? 0;
    }
  } finally {
    await database.exec('COMMIT');
    await statement.finalize();
  }
  return inserted;
}

/** Columns that are stored, in both schemas: a computed one is not inserted. */
async function storedColumns(database: Database, table: string): Promise<readonly string[]> {
  const rows = await database.all<{ name: string }>(
    `SELECT name FROM pragma_table_info('${table}')`,
  );
  return rows.map(({ name }) => name);
}

/** Null when the damage is met, or the table is not there. */
async function readable<Value>(read: () => Promise<Value>): Promise<Value | null> {
  try {
    return await read();
  } catch (error) {
    if (sqliteCode(error) === null) throw error;
    return null;
  }
}
