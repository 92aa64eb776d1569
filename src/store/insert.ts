import { createHash } from 'node:crypto';
import type { Block } from '../core/model/block.js';
import type { EventRecord } from '../core/model/event.js';
import { LIMITS } from '../core/model/limits.js';
import type { Sighting } from '../core/model/sighting.js';
import { quoteText } from '../core/model/text.js';
import type { EventFacts } from './facts.js';
import type { Database, SqlValue, Statement } from './sqlite.js';
import type { JobRun } from './types.js';

/** A table to insert into: its columns in order, and what follows the VALUES. */
interface Target {
  readonly table: string;
  readonly columns: readonly string[];
  readonly suffix: string;
}

const listOf = (names: string): readonly string[] => names.trim().split(/\s+/);

const EVENTS: Target = {
  table: 'events',
  columns: listOf(`
    id uuid received_at_us transport source_ip source_port destination_ip destination_port proof
    kind method request_uri status_code called_number from_user to_user auth_user user_agent
    call_id attack_type score answered_status anomalies raw raw_length raw_sha256`),
  suffix: '',
};

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
  suffix: `ON CONFLICT (id) DO UPDATE SET ${BLOCK_COLUMNS.filter((name) => name !== 'id')
    .map((name) => `${name} = excluded.${name}`)
    .join(', ')}`,
};

const JOB_RUNS: Target = {
  table: 'job_runs',
  columns: listOf('name started_at_us finished_at_us result detail'),
  suffix: '',
};

/** An event with what its bytes say. */
export interface DerivedEvent {
  readonly record: EventRecord;
  readonly facts: EventFacts;
}

/** Inserts many rows with few calls; keeps its prepared statements. Not for parallel use. */
export interface Inserter {
  events(rows: readonly DerivedEvent[]): Promise<void>;
  sightings(rows: readonly Sighting[]): Promise<void>;
  blocks(rows: readonly Block[]): Promise<void>;
  jobRuns(rows: readonly JobRun[]): Promise<void>;
  finalize(): Promise<void>;
}

/** Sizes of the statements: a fixed 1,000 rows is fastest (measured), the rest go in few calls. */
const SIZES = [LIMITS.insertRowsMax, 100, 10, 1] as const;

export function createInserter(database: Database): Inserter {
  const prepared = new Map<string, Statement>();

  const insert = async <Row>(
    target: Target,
    rows: readonly Row[],
    values: (row: Row) => readonly SqlValue[],
  ): Promise<void> => {
    let done = 0;
    for (const size of SIZES) {
      for (; rows.length - done >= size; done += size) {
        const statement = await prepareRows(database, prepared, target, size);
        await statement.run(rows.slice(done, done + size).flatMap(values));
      }
    }
  };

  return {
    events: (rows) => insert(EVENTS, rows, eventValues),
    sightings: (rows) => insert(SIGHTINGS, rows, sightingValues),
    blocks: (rows) => insert(BLOCKS, rows, blockValues),
    jobRuns: (rows) => insert(JOB_RUNS, rows, jobRunValues),
    finalize: async () => {
      for (const statement of prepared.values()) await statement.finalize();
      prepared.clear();
    },
  };
}

async function prepareRows(
  database: Database,
  prepared: Map<string, Statement>,
  target: Target,
  size: number,
): Promise<Statement> {
  const key = `${target.table} ${size}`;
  const known = prepared.get(key);
  if (known !== undefined) return known;
  const row = `(${target.columns.map(() => '?').join(',')})`;
  const rows = Array<string>(size).fill(row).join(',');
  const statement = await database.prepare(
    `INSERT INTO ${target.table} (${target.columns.join(',')}) VALUES ${rows} ${target.suffix}`,
  );
  prepared.set(key, statement);
  return statement;
}

function eventValues({ record, facts }: DerivedEvent): readonly SqlValue[] {
  const cut = record.rawLength > record.raw.length;
  return [
    record.id,
    record.uuid,
    record.receivedAtUs,
    record.transport,
    record.source.address,
    record.source.port,
    record.local.address,
    record.local.port,
    record.proof,
    facts.kind,
    column(facts.method),
    column(facts.requestUri),
    facts.statusCode,
    column(facts.calledNumber),
    column(facts.fromUser),
    column(facts.toUser),
    column(facts.authUser),
    column(facts.userAgent),
    column(facts.callId),
    record.attackType,
    record.score,
    record.answeredStatus,
    facts.anomalies.length === 0 ? '[]' : JSON.stringify(facts.anomalies),
    record.raw,
    record.rawLength,
    cut ? createHash('sha256').update(record.raw).digest('hex') : null,
  ];
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

function jobRunValues(run: JobRun): readonly SqlValue[] {
  return [run.name, run.startedAtUs, run.finishedAtUs, run.result, run.detail];
}

/** Escaped, for the sqlite3 shell prints control characters to the terminal as they are. */
function column(text: string | null): string | null {
  return text === null ? null : quoteText(text, LIMITS.columnTextCharsMax);
}
