import { LIMITS } from '../../core/common/limits.js';
import { detach, quoteText } from '../../core/common/text.js';
import type { PhoneNumber } from './phone-number.js';
import type { TalliedEvent } from './tallied-event.js';
import type { ThinnedSource } from '../write/thinning.js';
import type { Database, Statement } from '../database/sqlite.js';
import type { TalliedBatch } from './tallied-event.js';

export const HOUR_US = 3_600_000_000;
export const DAY_US = 24 * HOUR_US;

/**
 * What is counted. Of `messages`, `thinned` and `packets_dropped` there is one counter a span; the
 * others have one for each value, and the value '' for all that came beyond the bound.
 */
export const COUNTER_NAMES = [
  'messages',
  'thinned',
  'packets_dropped',
  'attack_type',
  'method',
  'transport',
  'proof',
  'block',
  'country',
  'called_country',
  'source',
  'user_agent',
  'user',
  'number',
] as const;
export type CounterName = (typeof COUNTER_NAMES)[number];

/** These have many values: they are counted by day alone. */
const BY_DAY_ALONE: ReadonlySet<CounterName> = new Set(['source', 'user_agent', 'user', 'number']);

/** Adds to counters that may not be there yet: rows of span, name, begin, value, count. */
export const ADD_COUNTERS_SQL = `
  INSERT INTO counters (span, name, began_at_us, value, count)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
  FROM json_each(?) WHERE true
  ON CONFLICT (span, name, began_at_us, value) DO UPDATE SET count = count + excluded.count`;

const SOURCES_SQL = `
  INSERT INTO sources (source, first_at_us, last_at_us, messages)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) WHERE true
  ON CONFLICT (source) DO UPDATE SET last_at_us = max(last_at_us, excluded.last_at_us),
    first_at_us = min(first_at_us, excluded.first_at_us), messages = messages + excluded.messages`;

type CounterRow = readonly [string, string, number, string, number];

/** Gathers what the tables `counters` and `sources` have to be told. */
export interface CounterTally {
  /** `numbers`: the number that each event called, null for none. */
  add(batch: TalliedBatch, numbers: readonly (PhoneNumber | null)[]): void;
  /** About how many rows write() would touch. */
  size(): number;
  /** Adds what was gathered to the tables, within the transaction of the caller. */
  write(): Promise<void>;
  /** Begins anew: what was written is committed. */
  clear(): void;
  finalize(): Promise<void>;
}

/**
 * `countryOf`: ISO 3166 code of an address, null where it is not known. `lastBlockId`: the block
 * that was counted last; a block that is written again when it changes has been counted before.
 */
export function createCounterTally(
  database: Database,
  countryOf: (address: string) => string | null,
  lastBlockId: number,
): CounterTally {
  const sheet = createSheet();
  const sources = new Map<string, SeenSource>();
  let countedBlockId = lastBlockId;
  let statements: readonly [Statement, Statement] | null = null;

  const addThinned = ({ source, firstAtUs, lastAtUs, messages }: ThinnedSource): void => {
    sheet.add('messages', '', firstAtUs, messages);
    sheet.add('thinned', '', firstAtUs, messages);
    sheet.add('source', source, firstAtUs, messages);
    const country = source === '' ? null : countryOf(source);
    if (country !== null) sheet.add('country', country, firstAtUs, messages);
    if (source !== '') note(sources, source, firstAtUs, lastAtUs, messages);
  };

  const addBlocks = (blocks: TalliedBatch['blocks']): void => {
    for (const { id, createdAtUs, attackType, origin } of blocks) {
      if (id <= countedBlockId) continue;
      countedBlockId = id;
      sheet.add('block', attackType ?? origin, createdAtUs, 1);
    }
  };

  return {
    add: ({ tallied, thinned, blocks }, numbers) => {
      tallied.forEach((event, index) => {
        countEvent(sheet, event, numbers[index] ?? null, countryOf);
        note(sources, event.source, event.atUs, event.atUs, 1);
      });
      sheet.keep(tallied.length);
      for (const each of thinned ?? []) addThinned(each);
      addBlocks(blocks);
    },
    size: () => sheet.size() + sources.size,
    write: async () => {
      statements ??= [
        await database.prepare(ADD_COUNTERS_SQL),
        await database.prepare(SOURCES_SQL),
      ];
      await statements[0].run([JSON.stringify(sheet.rows())]);
      const seen = [...sources].map(([source, { first, last, messages }]) => [
        source,
        first,
        last,
        messages,
      ]);
      await statements[1].run([JSON.stringify(seen)]);
    },
    clear: () => {
      sheet.clear();
      sources.clear();
    },
    finalize: async () => {
      for (const statement of statements ?? []) await statement.finalize();
      statements = null;
    },
  };
}

interface SeenSource {
  first: number;
  last: number;
  messages: number;
}

function note(
  sources: Map<string, SeenSource>,
  source: string,
  first: number,
  last: number,
  messages: number,
): void {
  const seen = sources.get(source);
  if (seen === undefined) {
    sources.set(source, { first, last, messages });
    return;
  }
  seen.first = Math.min(seen.first, first);
  seen.last = Math.max(seen.last, last);
  seen.messages += messages;
}

function countEvent(
  sheet: Sheet,
  event: TalliedEvent,
  number: PhoneNumber | null,
  countryOf: (address: string) => string | null,
): void {
  const add = (name: CounterName, value: string | null): void => {
    if (value !== null && value !== '') sheet.add(name, value, event.atUs, 1);
  };
  sheet.add('messages', '', event.atUs, 1);
  add('attack_type', event.attackType);
  add('method', event.method);
  add('transport', event.transport);
  add('proof', event.proof);
  add('country', countryOf(event.source));
  add('source', event.source);
  add('user_agent', event.userAgent);
  add('user', event.user);
  add('number', number?.number ?? null);
  add('called_country', number?.country ?? null);
}

/** What is counted, by hour; values beyond the bound of their hour go together. */
interface Sheet {
  add(name: CounterName, value: string, atUs: number, count: number): void;
  /** So many events more are in the table. */
  keep(events: number): void;
  /** Counters that differ. */
  size(): number;
  /** The rows to add. */
  rows(): readonly CounterRow[];
  clear(): void;
}

function createSheet(): Sheet {
  let eventsKept = 0;
  let size = 0;
  let hours = new Map<number, Map<CounterName, Map<string, number>>>();
  /** Values that have a counter, of the last hour that was counted. */
  let known = new Map<CounterName, Set<string>>();
  let knownHour = 0;

  const admit = (name: CounterName, value: string, hour: number): string => {
    if (hour !== knownHour) known = new Map();
    knownHour = hour;
    let values = known.get(name);
    if (values === undefined) known.set(name, (values = new Set()));
    if (values.has(value)) return detach(value);
    if (values.size >= LIMITS.countedValuesPerHourMax) return '';
    const kept = detach(value);
    values.add(kept);
    return kept;
  };

  return {
    add: (name, text, atUs, count) => {
      // One character more than is shown, so that it shows that there were more.
      const value = text.slice(0, LIMITS.countedTextCharsMax + 1);
      const hour = atUs - (atUs % HOUR_US);
      let names = hours.get(hour);
      if (names === undefined)
        hours.set(hour, (names = new Map<CounterName, Map<string, number>>()));
      let values = names.get(name);
      if (values === undefined) names.set(name, (values = new Map<string, number>()));
      const counted = values.has(value) ? value : admit(name, value, hour);
      const before = values.get(counted);
      if (before === undefined) size += 1;
      values.set(counted, (before ?? 0) + count);
    },
    keep: (events) => {
      eventsKept += events;
    },
    size: () => size,
    rows: () => {
      const rows: CounterRow[] = [];
      if (eventsKept > 0) rows.push(['all', 'events_kept', 0, '', eventsKept]);
      for (const [hour, names] of hours) {
        for (const [name, values] of names) {
          for (const [text, count] of values) {
            const value = quoteText(text, LIMITS.countedTextCharsMax);
            rows.push(['day', name, hour - (hour % DAY_US), value, count]);
            if (!BY_DAY_ALONE.has(name)) rows.push(['hour', name, hour, value, count]);
          }
        }
      }
      return rows;
    },
    clear: () => {
      hours = new Map();
      eventsKept = 0;
      size = 0;
    },
  };
}
