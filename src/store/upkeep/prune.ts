import { LIMITS } from '../../core/common/limits.js';
import { readPragma } from '../database/migrate.js';
import { readNextId } from '../write/next-ids.js';
import type { Database, SqlValue } from '../database/sqlite.js';
import type { Mutex } from '../../core/common/mutex.js';
import type { PruneCounts, PruneOptions } from '../types.js';

interface Pruning {
  readonly database: Database;
  readonly mutex: Mutex;
  readonly options: PruneOptions;
}

/**
 * Deletes by age, then by number of rows, then by size: bytes of messages first, then the oldest
 * events, then the rest. Counters stay. In steps between the batches of the writer.
 */
export async function prune(
  database: Database,
  mutex: Mutex,
  options: PruneOptions,
): Promise<PruneCounts> {
  const pruning = { database, mutex, options };
  await mutex.run(() => keepNextIds(database));
  const counts = await pruneByAge(pruning);
  counts.events += await overCount(pruning, 'events', '', options.rowsMax.events);
  counts.sightings += await overCount(pruning, 'sightings', '', options.rowsMax.sightings);
  const ended = 'AND ended_at_us IS NOT NULL';
  counts.blocks += await overCount(pruning, 'blocks', ended, options.rowsMax.blocks);
  if (options.databaseBytesMax !== null) {
    await pruneBySize(pruning, options.databaseBytesMax, counts);
  }
  // What was tried and dialled goes with the events that it stood in.
  const gone = '(SELECT coalesce(min(id), 9223372036854775807) FROM events)';
  await deleteSteps(pruning, 'credentials', `last_event_id < ${gone}`, []);
  await deleteSteps(pruning, 'calls', `id < ${gone}`, []);
  return counts;
}

type Counts = { -readonly [Name in keyof PruneCounts]: PruneCounts[Name] };

async function pruneByAge(pruning: Pruning): Promise<Counts> {
  const { events, raw, sightings, blocks, numbers } = pruning.options.beforeUs;
  const byAge = (table: string, where: string, before: number | null): Promise<number> =>
    before === null ? Promise.resolve(0) : deleteSteps(pruning, table, where, [before]);
  const counts = {
    events: await byAge('events', 'received_at_us < ?', events),
    raw: raw === null ? 0 : await stripRaw(pruning, await firstIdSince(pruning, raw), () => true),
    sightings: await byAge('sightings', 'at_us < ?', sightings),
    blocks: await byAge('blocks', 'ended_at_us < ?', blocks),
    numbers: await byAge('numbers', 'last_at_us < ?', numbers),
    jobRuns: await byAge('job_runs', 'finished_at_us < ?', events),
  };
  await byAge('thinned', 'last_us < ?', events);
  await byAge('sources', 'last_at_us < ?', events);
  return counts;
}

async function keepNextIds(database: Database): Promise<void> {
  for (const table of ['events', 'blocks'] as const) {
    await setMeta(database, `next_id_${table}`, await readNextId(database, table));
  }
}

async function setMeta(database: Database, name: string, value: number): Promise<void> {
  await database.run('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)', [
    name,
    String(value),
  ]);
}

/** By ids, which are never given twice: the newest `rowsMax` numbers stay. */
function overCount(
  pruning: Pruning,
  table: string,
  condition: string,
  rowsMax: number,
): Promise<number> {
  if (rowsMax === 0) return Promise.resolve(0);
  const where = `id <= (SELECT max(id) FROM ${table}) - ? ${condition}`;
  return deleteSteps(pruning, table, where, [rowsMax]);
}

/** Deletes a bounded number of rows a turn, so that no batch waits long. */
async function deleteSteps(
  { database, mutex }: Pruning,
  table: string,
  where: string,
  values: readonly SqlValue[],
): Promise<number> {
  const key = table === 'sources' ? 'source' : 'id';
  const sql = `DELETE FROM ${table} WHERE ${key} IN
    (SELECT ${key} FROM ${table} WHERE ${where} LIMIT ${LIMITS.pruneRowsMax})`;
  let total = 0;
  for (;;) {
    const deleted = await mutex.run(() => database.run(sql, values));
    total += deleted;
    if (deleted < LIMITS.pruneRowsMax) return total;
  }
}

/** Id of the first event of this moment or later, the next free one where there is none. */
async function firstIdSince({ database }: Pruning, us: number): Promise<number> {
  const row = await database.get<{ id: number }>(
    'SELECT id FROM events WHERE received_at_us >= ? ORDER BY received_at_us, id LIMIT 1',
    [us],
  );
  return row?.id ?? (await readNextId(database, 'events'));
}

/** Events below this id have no bytes any more, so that they are not looked through again. */
const RAW_FROM = 'raw_from_id';

/** Takes the bytes of events below an id away, the oldest first, while `goOn` says so. */
async function stripRaw(
  { database, mutex }: Pruning,
  belowId: number,
  goOn: () => boolean | Promise<boolean>,
): Promise<number> {
  const row = await database.get<{ value: string }>('SELECT value FROM meta WHERE name = ?', [
    RAW_FROM,
  ]);
  const oldest = await database.get<{ id: number | null }>('SELECT min(id) AS id FROM events');
  let from = Math.max(Number(row?.value ?? 0), oldest?.id ?? 0);
  let total = 0;
  while (from < belowId && (await goOn())) {
    const to = Math.min(belowId, from + LIMITS.stripRowsMax);
    const start = from;
    total += await mutex.run(async () => {
      const changed = await database.run(
        'UPDATE events SET raw = NULL WHERE id >= ? AND id < ? AND raw IS NOT NULL',
        [start, to],
      );
      await setMeta(database, RAW_FROM, to);
      return changed;
    });
    from = to;
  }
  return total;
}

/** What goes, in this order, while the database is too large: tables with their oldest rows first. */
const BY_SIZE = [
  ['events', 'SELECT id FROM events ORDER BY id'],
  ['sightings', 'SELECT id FROM sightings ORDER BY id'],
  ['blocks', 'SELECT id FROM blocks WHERE ended_at_us IS NOT NULL ORDER BY id'],
  ['numbers', 'SELECT id FROM numbers ORDER BY last_at_us'],
] as const;

async function pruneBySize(pruning: Pruning, bytesMax: number, counts: Counts): Promise<void> {
  const { database, mutex } = pruning;
  const isOver = async (): Promise<boolean> => (await readUsedBytes(database)) > bytesMax;
  if (!(await isOver())) return;
  const span = await database.get<{ first: number | null; last: number | null }>(
    'SELECT (SELECT min(id) FROM events) AS first, (SELECT max(id) FROM events) AS last',
  );
  // The newest fifth keeps its bytes: they are what is looked at.
  const { first, last } = span ?? { first: null, last: null };
  if (first !== null && last !== null) {
    counts.raw += await stripRaw(pruning, Math.floor(first + (last - first) * 0.8), isOver);
  }
  for (const [table, oldest] of BY_SIZE) {
    const sql = `DELETE FROM ${table} WHERE id IN (${oldest} LIMIT ${LIMITS.pruneRowsMax})`;
    for (;;) {
      const deleted = await mutex.run(async () => ((await isOver()) ? await database.run(sql) : 0));
      counts[table] += deleted;
      if (deleted === 0) break;
    }
  }
  if (await isOver()) await mutex.run(() => database.run('DELETE FROM sources'));
}

/** Bytes of the pages that hold something; free pages are used again before the file grows. */
async function readUsedBytes(database: Database): Promise<number> {
  const pages = await readPragma(database, 'page_count');
  const free = await readPragma(database, 'freelist_count');
  return (pages - free) * (await readPragma(database, 'page_size'));
}
