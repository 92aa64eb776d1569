import { canonicalAddress, cidrOf, type Cidr } from '../../core/common/address.js';
import { LIMITS } from '../../core/common/limits.js';
import type { CallEnd } from '../../core/model/call.js';
import type { Sighting } from '../../core/model/sighting.js';
import {
  BLOCK_ROW,
  SIGHTING_ROW,
  storedBlock,
  storedSighting,
  type BlockRow,
  type SightingRow,
} from '../rows.js';
import { addressesIn } from './read-prefix.js';
import { idsOfSource, spanOfSource } from './source-events.js';
import type { Database } from '../database/sqlite.js';
import type { StoredBlock } from '../types.js';

export interface CountedValue {
  readonly value: string;
  readonly count: number;
}

/** How many passwords were tried, each counted once, and how often in all. */
export interface GuessCounts {
  readonly distinct: number;
  readonly tries: number;
  /** Accounts whose tried password is known, and of them those where it is the user name itself. */
  readonly accounts: number;
  readonly equalToUser: number;
}

export interface StoredCall {
  readonly user: string;
  readonly called: string;
  readonly beganAtUs: number;
  readonly endedAtUs: number | null;
  readonly endHow: CallEnd | null;
}

/** What is known of one address. The lists are bounded by `sourceListedMax`. */
export interface SourceStory {
  readonly address: string;
  /** What counts as the same source: its prefix, or the address alone, as CIDR text. */
  readonly countsAs: string;
  /** The addresses of it that are known, at most `sourceListedMax` of them, and how many in all. */
  readonly addresses: readonly string[];
  readonly addressesKnown: number;
  /** null: only blocks are known, no event is kept. */
  readonly firstSeenUs: number | null;
  readonly lastSeenUs: number | null;
  readonly events: number;
  /** Messages that were counted and not kept as events, because they came too fast. */
  readonly thinned: number;
  /** How many of the last events the lists below count: at most `sourceEventsReadMax`. */
  readonly eventsRead: number;
  /** Most frequent first. */
  readonly methods: readonly CountedValue[];
  readonly userAgents: readonly CountedValue[];
  /** User names: of credentials, else of To where nobody is called. */
  readonly usersTried: readonly CountedValue[];
  readonly calledNumbers: readonly CountedValue[];
  readonly guesses: GuessCounts;
  /** Passwords that are known by name, as `user: password`, with how often each was tried. */
  readonly passwordsTried: readonly CountedValue[];
  /** Calls that the trap answered, newest first. */
  readonly calls: readonly StoredCall[];
  /** Of all that counts as this source, newest first. */
  readonly sightings: readonly Sighting[];
  /** Every block, ended ones too, whose target covers the address; newest first. */
  readonly blocks: readonly StoredBlock[];
}

/**
 * Null when the text is no address, or nothing is known of it, nor of what counts as the same source
 * (`around`; left out: the address alone).
 */
export async function showSource(
  database: Database,
  addressText: string,
  around: Cidr | null = null,
): Promise<SourceStory | null> {
  const address = canonicalAddress(addressText);
  if (address === null) return null;
  const identity = around ?? cidrOf(address, null);
  if (identity === null) return null;
  const addresses = await addressesIn(database, identity);
  const span = await readSpan(database, address);
  const sightings = await database.all<SightingRow>(
    `SELECT ${SIGHTING_ROW} FROM sightings
     WHERE source IN (SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT ?`,
    [JSON.stringify(addresses), LIMITS.sourceListedMax],
  );
  const blocks = await coveringBlocks(database, address);
  const thinned = await countThinned(database, address);
  const others = identity.text.startsWith(`${address}/`) ? 0 : addresses.length;
  const known = others + span.events + thinned + sightings.length + blocks.length > 0;
  if (!known) return null;
  const last = await idsOfSource(database, { source: address, limit: LIMITS.sourceEventsReadMax });
  const ids = JSON.stringify(last);
  const count = (expression: string): Promise<CountedValue[]> => countIn(database, ids, expression);
  return {
    address,
    countsAs: identity.text,
    addresses: addresses.slice(0, LIMITS.sourceListedMax),
    addressesKnown: addresses.length,
    ...span,
    thinned,
    eventsRead: last.length,
    methods: await count('method'),
    userAgents: await count('user_agent'),
    usersTried: await count(
      `coalesce(auth_user, CASE WHEN kind = 'request' AND called_number IS NULL THEN to_user END)`,
    ),
    calledNumbers: await count('called_number'),
    guesses: await countGuesses(database, address),
    passwordsTried: await listPasswords(database, address),
    calls: await listCalls(database, address),
    sightings: sightings.map(storedSighting),
    blocks,
  };
}

async function readSpan(database: Database, address: string) {
  const { events, firstId, lastId } = await spanOfSource(database, address);
  const row = await database.get<{ firstSeenUs: number | null; lastSeenUs: number | null }>(
    `SELECT (SELECT received_at_us FROM events WHERE id = ?) AS firstSeenUs,
       (SELECT received_at_us FROM events WHERE id = ?) AS lastSeenUs`,
    [firstId, lastId],
  );
  return { events, firstSeenUs: row?.firstSeenUs ?? null, lastSeenUs: row?.lastSeenUs ?? null };
}

async function countThinned(database: Database, address: string): Promise<number> {
  const row = await database.get<{ messages: number }>(
    'SELECT total(messages) AS messages FROM thinned WHERE source_ip = ?',
    [address],
  );
  return row?.messages ?? 0;
}

/** Counts what an expression gives for the events of these ids, a JSON array. */
function countIn(database: Database, ids: string, expression: string): Promise<CountedValue[]> {
  return database.all<CountedValue>(
    `SELECT value, count(*) AS count FROM (
       SELECT ${expression} AS value FROM events WHERE id IN (SELECT value FROM json_each(?))
     ) WHERE value IS NOT NULL AND value <> ''
     GROUP BY value ORDER BY count DESC, value LIMIT ?`,
    [ids, LIMITS.sourceListedMax],
  );
}

async function countGuesses(database: Database, address: string): Promise<GuessCounts> {
  const row = await database.get<GuessCounts>(
    `SELECT count(*) AS "distinct", total(tries) AS tries,
       count(DISTINCT CASE WHEN password IS NOT NULL THEN username END) AS accounts,
       count(DISTINCT CASE WHEN password = username THEN username END) AS equalToUser
     FROM credentials WHERE source = ?`,
    [address],
  );
  return row ?? { distinct: 0, tries: 0, accounts: 0, equalToUser: 0 };
}

function listPasswords(database: Database, address: string): Promise<CountedValue[]> {
  return database.all<CountedValue>(
    `SELECT username || ': ' || password AS value, sum(tries) AS count
     FROM credentials WHERE source = ? AND password IS NOT NULL
     GROUP BY value ORDER BY count DESC, value LIMIT ?`,
    [address, LIMITS.sourceListedMax],
  );
}

function listCalls(database: Database, address: string): Promise<StoredCall[]> {
  return database.all<StoredCall>(
    `SELECT user, called, began_at_us AS beganAtUs, ended_at_us AS endedAtUs, end_how AS endHow
     FROM calls WHERE source = ? ORDER BY id DESC LIMIT ?`,
    [address, LIMITS.sourceListedMax],
  );
}

async function coveringBlocks(database: Database, address: string): Promise<StoredBlock[]> {
  const bits = address.includes(':') ? 128 : 32;
  const targets = Array.from({ length: bits + 1 }, (_, prefix) => cidrOf(address, prefix));
  const texts = targets.flatMap((cidr) => (cidr === null ? [] : [cidr.text]));
  const rows = await database.all<BlockRow>(
    `SELECT ${BLOCK_ROW} FROM blocks WHERE target IN (${texts.map(() => '?').join(',')})
     ORDER BY id DESC LIMIT ?`,
    [...texts, LIMITS.listedRowsMax],
  );
  return rows.map(storedBlock);
}
