import type { Block } from '../../core/model/block.js';
import type { CallRecord } from '../../core/model/call.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Sighting } from '../../core/model/sighting.js';
import { columnText, EVENT_COLUMNS, type PackedEventRow } from './event-row.js';
import type { Guess } from './guess.js';
import type { Database, SqlValue, Statement } from '../database/sqlite.js';
import type { ThinnedSource } from './thinning.js';
import type { JobRun } from '../types.js';

/** A table to insert into: its columns in order, and what follows the VALUES. */
interface Target {
  readonly table: string;
  readonly columns: readonly string[];
  readonly suffix: string;
}

const listOf = (names: string): readonly string[] => names.trim().split(/\s+/);

/**
 * An event crosses to SQLite as its columns in one array, and its bytes (event-row.ts). Rows of nulls
 * are passed over.
 */
function eventsSql(rows: number): string {
  const fields = EVENT_COLUMNS.map((_, index) => `column1 ->> ${index}`).join(',');
  const values = Array<string>(rows).fill('(?,?)').join(',');
  return `INSERT INTO events (${EVENT_COLUMNS.join(',')}, raw)
    SELECT ${fields}, column2 FROM (VALUES ${values}) WHERE column1 IS NOT NULL`;
}

const SIGHTINGS: Target = {
  table: 'sightings',
  columns: listOf(`
    at_us source rule rule_version attack_type points points_proven reason event_ids`),
  suffix: '',
};

const BLOCK_COLUMNS = listOf(`
    id target scope origin proof rule attack_type reason created_at_us expires_at_us simulated
    forced`);

const BLOCKS: Target = {
  table: 'blocks',
  columns: BLOCK_COLUMNS,
  suffix: updateOn('id', BLOCK_COLUMNS),
};

const CALL_COLUMNS = listOf(`
    id source user called call_id began_at_us confirmed_at_us ended_at_us end_how`);

const CALLS: Target = {
  table: 'calls',
  columns: CALL_COLUMNS,
  suffix: updateOn('id', CALL_COLUMNS),
};

/** One row for each password that one source tried for one user, however often. */
const CREDENTIALS: Target = {
  table: 'credentials',
  columns: listOf(`
    source username response realm nonce method algorithm first_at_us last_at_us first_event_id
    last_event_id tries password`),
  suffix: `ON CONFLICT (source, username, response) DO UPDATE SET tries = tries + 1,
    last_at_us = excluded.last_at_us, last_event_id = excluded.last_event_id,
    password = coalesce(excluded.password, password)`,
};

const JOB_RUNS: Target = {
  table: 'job_runs',
  columns: listOf('name started_at_us finished_at_us result detail'),
  suffix: '',
};

function updateOn(key: string, columns: readonly string[]): string {
  const others = columns.filter((name) => name !== key);
  const changes = others.map((name) => `${name} = excluded.${name}`).join(', ');
  return `ON CONFLICT (${key}) DO UPDATE SET ${changes}`;
}
const THINNED: Target = {
  table: 'thinned',
  columns: listOf('source_ip first_us last_us messages'),
  suffix: '',
};

/** Inserts many rows with few calls; keeps its prepared statements. Not for parallel use. */
export interface Inserter {
  /**
   * Up to `storeBatchEventsMax` rows are one statement, and so all or nothing without a transaction
   * around it: that spares SQLite the journal of the statement, a tenth of its work.
   */
  events(rows: readonly PackedEventRow[]): Promise<void>;
  sightings(rows: readonly Sighting[]): Promise<void>;
  blocks(rows: readonly Block[]): Promise<void>;
  calls(rows: readonly CallRecord[]): Promise<void>;
  guesses(rows: readonly Guess[]): Promise<void>;
  jobRuns(rows: readonly JobRun[]): Promise<void>;
  thinned(rows: readonly ThinnedSource[]): Promise<void>;
  finalize(): Promise<void>;
}

/** Sizes of the statements: a fixed 1,000 rows is fastest (measured), the rest go in few calls. */
const SIZES = [LIMITS.insertRowsMax, 100, 10, 1] as const;
/** Each call costs a change of threads: events take the next larger one, and fill it up. */
const EVENT_SIZES = [LIMITS.storeBatchEventsMax, 1_500, 1_000, 600, 300, 150, 50, 10, 1] as const;

export function createInserter(database: Database): Inserter {
  const prepared = new Map<string, Statement>();

  const prepare = async (name: string, size: number, sql: (rows: number) => string) => {
    const key = `${name} ${size}`;
    const known = prepared.get(key);
    if (known !== undefined) return known;
    const statement = await database.prepare(sql(size));
    prepared.set(key, statement);
    return statement;
  };

  const insert = async <Row>(
    name: string,
    sql: (rows: number) => string,
    rows: readonly Row[],
    values: (row: Row) => readonly SqlValue[],
  ): Promise<void> => {
    let done = 0;
    for (const size of SIZES) {
      for (; rows.length - done >= size; done += size) {
        const statement = await prepare(name, size, sql);
        await statement.run(rows.slice(done, done + size).flatMap(values));
      }
    }
  };

  const into =
    <Row>(target: Target, values: (row: Row) => readonly SqlValue[]) =>
    (rows: readonly Row[]): Promise<void> =>
      insert(target.table, (count) => targetSql(target, count), rows, values);

  const events = async (rows: readonly PackedEventRow[]): Promise<void> => {
    for (let done = 0; done < rows.length;) {
      const left = rows.length - done;
      const size = EVENT_SIZES.findLast((each) => each >= left) ?? LIMITS.storeBatchEventsMax;
      const statement = await prepare('events', size, eventsSql);
      const values: SqlValue[] = [];
      for (const { columns, raw } of rows.slice(done, done + size)) values.push(columns, raw);
      while (values.length < 2 * size) values.push(null);
      await statement.run(values);
      done += size;
    }
  };

  return {
    events,
    sightings: into(SIGHTINGS, sightingValues),
    blocks: into(BLOCKS, blockValues),
    calls: into(CALLS, callValues),
    guesses: into(CREDENTIALS, guessValues),
    jobRuns: into(JOB_RUNS, jobRunValues),
    thinned: into(THINNED, thinnedValues),
    finalize: async () => {
      for (const statement of prepared.values()) await statement.finalize();
      prepared.clear();
    },
  };
}

function targetSql({ table, columns, suffix }: Target, count: number): string {
  const row = `(${columns.map(() => '?').join(',')})`;
  const rows = Array<string>(count).fill(row).join(',');
  return `INSERT INTO ${table} (${columns.join(',')}) VALUES ${rows} ${suffix}`;
}

function sightingValues(sighting: Sighting): readonly SqlValue[] {
  return [
    sighting.atUs,
    sighting.source,
    sighting.rule,
    sighting.ruleVersion,
    sighting.attackType,
    sighting.points,
    sighting.pointsProven,
    sighting.reason,
    JSON.stringify(sighting.eventIds),
  ];
}

function blockValues(block: Block): readonly SqlValue[] {
  return [
    block.id,
    block.target,
    block.scope,
    block.origin,
    block.proof,
    block.rule,
    block.attackType,
    block.reason,
    block.createdAtUs,
    block.expiresAtUs,
    block.simulated ? 1 : 0,
    block.forced ? 1 : 0,
  ];
}

function callValues(call: CallRecord): readonly SqlValue[] {
  return [
    call.id,
    call.source,
    columnText(call.user),
    columnText(call.called),
    columnText(call.callId),
    call.beganAtUs,
    call.confirmedAtUs,
    call.endedAtUs,
    call.endHow,
  ];
}

function guessValues({ credentials, ...guess }: Guess): readonly SqlValue[] {
  return [
    guess.source,
    columnText(credentials.username),
    columnText(credentials.response),
    columnText(credentials.realm),
    columnText(credentials.nonce),
    columnText(guess.method),
    columnText(credentials.algorithm === '' ? 'MD5' : credentials.algorithm),
    guess.atUs,
    guess.atUs,
    guess.eventId,
    guess.eventId,
    1,
    columnText(guess.password),
  ];
}

function jobRunValues(run: JobRun): readonly SqlValue[] {
  return [run.name, run.startedAtUs, run.finishedAtUs, run.result, run.detail];
}

function thinnedValues(thinned: ThinnedSource): readonly SqlValue[] {
  return [thinned.source, thinned.firstAtUs, thinned.lastAtUs, thinned.messages];
}
