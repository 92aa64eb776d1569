import type { CountedValue } from './read-source.js';
import type { Database } from '../database/sqlite.js';
import { DAY_US, HOUR_US, type CounterName } from '../statistics/tally-counters.js';

/** What is told by its sum alone, and what is listed by its most frequent values. */
const TOTALS = ['messages', 'thinned', 'packets_dropped', 'block'] as const;
export const RANKED = [
  'attack_type',
  'method',
  'transport',
  'proof',
  'block',
  'country',
  'source',
  'user_agent',
  'user',
  'number',
  'called_country',
] as const satisfies readonly CounterName[];
export type Ranked = (typeof RANKED)[number];

export interface Ranking {
  /** Most frequent first, at most as many as were asked for. Escaped. */
  readonly top: readonly CountedValue[];
  /** All that is counted under this name, listed or not. */
  readonly total: number;
}

/** Counts of whole UTC days. */
export interface PeriodTotals {
  /** Messages received, kept as events or thinned. */
  readonly messages: number;
  /** Those of them that were counted by source alone. */
  readonly thinned: number;
  /** Distinct addresses. */
  readonly sources: number;
  readonly blocks: number;
  /** Packets that blocks have dropped in the kernel. */
  readonly packetsDropped: number;
}

export type Rankings = Readonly<Record<Ranked, Ranking>>;

export interface PeriodStats extends PeriodTotals {
  readonly rankings: Rankings;
}

/** One bar of a chart. */
export interface Bar {
  readonly beganAtUs: number;
  readonly messages: number;
}

export interface StatsQueries {
  /** Counts from the day of this moment on; zero: all. */
  totalsSince(sinceUs: number): Promise<PeriodTotals>;
  /** The most frequent values, which take a while where much was counted. `top`: entries of each. */
  rankingsSince(sinceUs: number, top: number): Promise<Rankings>;
  /** Both. */
  statsSince(sinceUs: number, top: number): Promise<PeriodStats>;
  /** Messages of the last hours or days, oldest first, those without any too. */
  series(span: BarSpan, nowUs: number, bars: number): Promise<readonly Bar[]>;
  /** The same for each value of a name that has few of them. */
  seriesOf(name: Charted, span: BarSpan, nowUs: number, bars: number): Promise<CountedSeries>;
}

/** What has so few values that each can be a line of a chart. */
export const CHARTED = [
  'attack_type',
  'transport',
  'proof',
  'block',
] as const satisfies readonly Ranked[];
export type Charted = (typeof CHARTED)[number];
export const BAR_SPANS = ['hour', 'day'] as const;
export type BarSpan = (typeof BAR_SPANS)[number];

export interface CountedSeries {
  /** Oldest first. */
  readonly beganAtUs: readonly number[];
  /** Each with a count for every one of them; most frequent first. */
  readonly values: readonly { readonly value: string; readonly counts: readonly number[] }[];
}

export function createStatsQueries(database: Database): StatsQueries {
  return {
    totalsSince: (sinceUs) => readTotals(database, dayOf(sinceUs)),
    rankingsSince: (sinceUs, top) => readRankings(database, dayOf(sinceUs), top),
    statsSince: async (sinceUs, top) => ({
      ...(await readTotals(database, dayOf(sinceUs))),
      rankings: await readRankings(database, dayOf(sinceUs), top),
    }),
    series: async (span, nowUs, bars) => {
      const begins = beginsOf(span, nowUs, bars);
      const rows = await database.all<Bar>(
        `SELECT began_at_us AS beganAtUs, count AS messages FROM counters
         WHERE span = ? AND name = 'messages' AND began_at_us >= ? AND value = ''`,
        [span, begins[0] ?? nowUs],
      );
      const found = new Map(rows.map((row) => [row.beganAtUs, row.messages]));
      return begins.map((beganAtUs) => ({ beganAtUs, messages: found.get(beganAtUs) ?? 0 }));
    },
    seriesOf: (name, span, nowUs, bars) => readSeries(database, name, span, nowUs, bars),
  };
}

function beginsOf(span: BarSpan, nowUs: number, bars: number): number[] {
  const lengthUs = span === 'hour' ? HOUR_US : DAY_US;
  const firstUs = nowUs - (nowUs % lengthUs) - (bars - 1) * lengthUs;
  return Array.from({ length: bars }, (_, at) => firstUs + at * lengthUs);
}

async function readSeries(
  database: Database,
  name: Charted,
  span: BarSpan,
  nowUs: number,
  bars: number,
): Promise<CountedSeries> {
  const begins = beginsOf(span, nowUs, bars);
  const rows = await database.all<CountedValue & { readonly beganAtUs: number }>(
    `SELECT began_at_us AS beganAtUs, value, count FROM counters
     WHERE span = ? AND name = ? AND began_at_us >= ? AND value <> ''`,
    [span, name, begins[0] ?? nowUs],
  );
  const found = new Map<string, { total: number; at: Map<number, number> }>();
  for (const { beganAtUs, value, count } of rows) {
    const one = found.get(value) ?? { total: 0, at: new Map<number, number>() };
    one.total += count;
    one.at.set(beganAtUs, count);
    found.set(value, one);
  }
  const values = [...found]
    .sort(([a, { total: most }], [b, { total }]) => total - most || (a < b ? -1 : 1))
    .map(([value, { at }]) => ({ value, counts: begins.map((began) => at.get(began) ?? 0) }));
  return { beganAtUs: begins, values };
}

const dayOf = (us: number): number => us - (us % DAY_US);

async function readTotals(database: Database, fromUs: number): Promise<PeriodTotals> {
  const rows = await database.all<CountedValue>(
    `SELECT name AS value, sum(count) AS count FROM counters
     WHERE span = 'day' AND name IN (SELECT value FROM json_each(?)) AND began_at_us >= ?
     GROUP BY name`,
    [JSON.stringify(TOTALS), fromUs],
  );
  const found = new Map(rows.map(({ value, count }) => [value, count]));
  const read = (name: (typeof TOTALS)[number]): number => found.get(name) ?? 0;
  return {
    messages: read('messages'),
    thinned: read('thinned'),
    sources: await countSources(database, fromUs),
    blocks: read('block'),
    packetsDropped: read('packets_dropped'),
  };
}

async function countSources(database: Database, fromUs: number): Promise<number> {
  // SQLite counts a whole table five times as fast.
  const row =
    fromUs <= 0
      ? await database.get<{ count: number }>('SELECT count(*) AS count FROM sources')
      : await database.get<{ count: number }>(
          'SELECT count(*) AS count FROM sources WHERE last_at_us >= ?',
          [fromUs],
        );
  return row?.count ?? 0;
}

async function readRankings(database: Database, fromUs: number, top: number): Promise<Rankings> {
  const rankings: Partial<Record<Ranked, Ranking>> = {};
  for (const name of RANKED) rankings[name] = await readRanking(database, name, fromUs, top);
  return rankings as Rankings; // The loop has filled every one.
}

async function readRanking(
  database: Database,
  name: Ranked,
  fromUs: number,
  top: number,
): Promise<Ranking> {
  const where = "span = 'day' AND name = ? AND began_at_us >= ?";
  const total = await database.get<{ total: number | null }>(
    `SELECT sum(count) AS total FROM counters WHERE ${where}`,
    [name, fromUs],
  );
  const last = await database.get<{ day: number | null }>(
    "SELECT max(began_at_us) AS day FROM counters WHERE span = 'day' AND name = ?",
    [name],
  );
  // One day has one row for each value, and to add up nothing takes a quarter of the time.
  const oneDay = (last?.day ?? 0) <= fromUs;
  const counted = oneDay ? 'value, count' : 'value, sum(count) AS count';
  const rows = await database.all<CountedValue>(
    `SELECT ${counted} FROM counters WHERE ${where} AND value <> ''
     ${oneDay ? '' : 'GROUP BY value'} ORDER BY count DESC, value LIMIT ?`,
    [name, fromUs, top],
  );
  return { top: rows, total: total?.total ?? 0 };
}
