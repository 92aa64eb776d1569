import { randomUUID } from 'node:crypto';
import { canonicalAddress } from '../../core/common/address.js';
import { AgentError, messageOf } from '../../core/common/errors.js';
import type { EventRecord } from '../../core/model/event.js';
import { LIMITS } from '../../core/common/limits.js';
import {
  createLocalTimeReader,
  type LocalTimeCounts,
  type LocalTimeReader,
} from '../../core/common/local-time.js';
import { TRANSPORTS } from '../../core/model/transport.js';
import { eventRow } from '../write/event-row.js';
import { readFacts } from '../event-facts.js';
import { fileExists, unreadable } from '../database/files.js';
import { createJsonbMaker } from '../write/jsonb.js';
import { createInserter, type Inserter } from '../write/insert.js';
import { explain, openForWriting, readPragma, rollBack } from '../database/migrate.js';
import { readNextId } from '../write/next-ids.js';
import { APPLICATION_ID } from '../database/schema.js';
import { openDatabase, type Database } from '../database/sqlite.js';
import { tallyEvent } from '../statistics/tallied-event.js';
import { openTallies, type Tallies } from '../statistics/tallies.js';
import { createMutex } from '../../core/common/mutex.js';

export interface HoneyImport {
  readonly imported: number;
  /** Rows without a message, a time or an address. */
  readonly skipped: number;
  /** Rows that an earlier import of the same database has brought already. */
  readonly earlier: number;
  /** How the times were read, those of rows that were passed over too. */
  readonly times: Readonly<LocalTimeCounts>;
}

export interface HoneyImportOptions {
  /** ISO code of the country whose national numbers are dialled here; null: none is assumed. */
  readonly homeCountry: string | null;
  /** Whose local time SentryPeer wrote. */
  readonly timeZone: string;
}

/** SentryPeer keeps no ports. */
const PORT_UNKNOWN = 5060;

interface HoneyRow {
  readonly id: number;
  readonly time: string | null;
  readonly uuid: string | null;
  readonly transport: string | null;
  readonly source: string | null;
  readonly destination: string | null;
  readonly message: string | Uint8Array | null;
}

/**
 * Brings the rows of a SentryPeer database (its table `honey`) over as events without score and
 * proof. What was brought before is not brought again. Nobody else may write our database: take the
 * lock first. Rejects with DATABASE_FOREIGN when the file has no such table.
 */
export async function importHoney(
  databaseFile: string,
  honeyFile: string,
  { homeCountry, timeZone }: HoneyImportOptions,
): Promise<HoneyImport> {
  const honey = await openHoney(honeyFile);
  try {
    const database = await openForWriting(databaseFile);
    const writers = {
      inserter: createInserter(database),
      tallies: await openTallies(
        database,
        createMutex(),
        () => null,
        homeCountry,
        () => undefined,
      ),
    };
    try {
      return await importRows(honey, database, writers, createLocalTimeReader(timeZone));
    } catch (error) {
      throw error instanceof AgentError ? error : explain(databaseFile, error);
    } finally {
      await writers.inserter.finalize();
      await writers.tallies.finalize();
      await database.close();
    }
  } finally {
    await honey.database.close();
  }
}

interface Honey {
  readonly database: Database;
  readonly select: string;
  /** Names this very database, so that its next import goes on. */
  readonly mark: string;
}

async function openHoney(file: string): Promise<Honey> {
  if (!(await fileExists(file))) {
    throw new AgentError('NOT_FOUND', `there is no file ${file}`, 'name a SentryPeer database');
  }
  let database: Database;
  try {
    database = await openDatabase(file, 'read');
  } catch (error) {
    throw unreadable(file, error);
  }
  try {
    const columns = await database.all<{ name: string }>(
      "SELECT name FROM pragma_table_info('honey')",
    );
    const names = new Set(columns.map(({ name }) => name));
    const column = (...known: readonly string[]): string =>
      known.find((name) => names.has(name)) ?? 'NULL';
    if (!names.has('source_ip')) throw new Error('it has no table honey');
    // Ours has a view of this name.
    if ((await readPragma(database, 'application_id')) === APPLICATION_ID)
      throw new Error('it is one of this program');
    const select = `SELECT rowid AS id, ${column('event_timestamp')} AS time,
      ${column('event_uuid')} AS uuid, ${column('transport_type')} AS transport,
      source_ip AS source, ${column('destination_ip')} AS destination,
      ${column('sip_message')} AS message FROM honey`;
    const [first] = await database.all<HoneyRow>(`${select} ORDER BY rowid LIMIT 1`);
    return { database, select, mark: `imported_${first?.uuid ?? first?.time ?? ''}`.slice(0, 100) };
  } catch (error) {
    await database.close();
    throw new AgentError(
      'DATABASE_FOREIGN',
      `${file} is no SentryPeer database: ${messageOf(error)}`,
      'name the sentrypeer.db that SentryPeer wrote',
      error,
    );
  }
}

async function importRows(
  honey: Honey,
  database: Database,
  writers: { readonly inserter: Inserter; readonly tallies: Tallies },
  localTimes: LocalTimeReader,
): Promise<HoneyImport> {
  const before = await database.get<{ value: string }>('SELECT value FROM meta WHERE name = ?', [
    honey.mark,
  ]);
  let last = Number(before?.value ?? 0);
  const earlier = await honey.database.get<{ count: number }>(
    'SELECT count(*) AS count FROM honey WHERE rowid <= ?',
    [last],
  );
  let nextId = await readNextId(database, 'events');
  let imported = 0;
  let skipped = 0;
  for (;;) {
    const rows = await honey.database.all<HoneyRow>(
      `${honey.select} WHERE rowid > ? ORDER BY rowid LIMIT ?`,
      [last, LIMITS.insertRowsMax],
    );
    const records: EventRecord[] = [];
    for (const row of rows) {
      const record = readRow(row, nextId + records.length, localTimes);
      if (record !== null) records.push(record);
    }
    last = rows.at(-1)?.id ?? last;
    await writeRecords(database, writers, records, [honey.mark, String(last)]);
    await writers.tallies.flush();
    nextId += records.length;
    imported += records.length;
    skipped += rows.length - records.length;
    if (rows.length < LIMITS.insertRowsMax) break;
  }
  return { imported, skipped, earlier: earlier?.count ?? 0, times: localTimes.counts };
}

/** The rows and how far the import has come, in one transaction. */
async function writeRecords(
  database: Database,
  { inserter, tallies }: { readonly inserter: Inserter; readonly tallies: Tallies },
  records: readonly EventRecord[],
  mark: readonly [string, string],
): Promise<void> {
  const events = records.map((record) => ({ record, facts: readFacts(record) }));
  const tallied = events.map(({ record, facts }) => tallyEvent(record, facts));
  const rows = createJsonbMaker().writer();
  await database.exec('BEGIN IMMEDIATE');
  try {
    await inserter.events(events.map(({ record, facts }) => eventRow(record, facts, rows)));
    await database.run('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)', mark);
    await database.exec('COMMIT');
    tallies.add({ blocks: [], tallied });
  } catch (error) {
    await rollBack(database);
    throw error;
  }
}

function readRow(row: HoneyRow, id: number, localTimes: LocalTimeReader): EventRecord | null {
  const receivedAtUs = localTimes.read(row.time ?? '');
  const source = canonicalAddress(row.source ?? '');
  if (receivedAtUs === null || source === null) return null;
  if (row.message === null || row.message.length === 0) return null;
  const bytes = typeof row.message === 'string' ? Buffer.from(row.message) : row.message;
  const raw = bytes.subarray(0, LIMITS.rawBytesMax);
  const transport = TRANSPORTS.find((name) => name === (row.transport ?? 'udp').toLowerCase());
  return {
    id,
    uuid: readUuid(row.uuid),
    receivedAtUs,
    transport: transport ?? 'udp',
    source: { address: source, port: PORT_UNKNOWN },
    local: { address: canonicalAddress(row.destination ?? '') ?? '0.0.0.0', port: PORT_UNKNOWN },
    proof: 'none',
    sensor: 'trap',
    outcome: 'none',
    attackType: null,
    score: 0,
    answeredStatus: null,
    raw,
    rawLength: bytes.length,
    ordinary: false,
  };
}

function readUuid(text: string | null): string {
  const uuid = (text ?? '').toLowerCase();
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid) ? uuid : randomUUID();
}
