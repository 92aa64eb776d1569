import { DIALLED_CHARS_MAX } from '../../core/sip/dialled-number.js';
import { LIMITS } from '../../core/common/limits.js';
import { quoteText } from '../../core/common/text.js';
import type { NumberReader, PhoneNumber } from './phone-number.js';
import type { Database, Statement } from '../database/sqlite.js';
import type { TalliedEvent } from './tallied-event.js';

/** Gathers what the tables `numbers` and `number_forms` have to be told. */
export interface NumberTally {
  /** Returns the number that each event called, null for none, in the order of the events. */
  add(events: readonly TalliedEvent[]): readonly (PhoneNumber | null)[];
  /** Numbers that write() would touch. */
  size(): number;
  /** Adds what was gathered to the tables, within the transaction of the caller. */
  write(): Promise<void>;
  /** Begins anew: what was written is committed. */
  clear(): void;
  finalize(): Promise<void>;
}

interface Seen {
  firstAtUs: number;
  lastAtUs: number;
  calls: number;
}

interface SeenNumber extends Seen {
  readonly number: PhoneNumber;
  lastSource: string;
  lastEventId: number;
  readonly forms: Map<string, Seen>;
}

/** What was not looked up when it came first is filled in when it is. */
const NUMBERS_SQL = `
  INSERT INTO numbers (number, reversed, valid, country, calling_code, type, high_risk,
    first_at_us, last_at_us, last_source, last_event_id, calls)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
    value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11
  FROM json_each(?) WHERE true
  ON CONFLICT (number) DO UPDATE SET
    valid = coalesce(excluded.valid, valid), country = coalesce(excluded.country, country),
    calling_code = coalesce(excluded.calling_code, calling_code),
    type = CASE WHEN excluded.valid IS NULL THEN type ELSE excluded.type END,
    last_at_us = max(last_at_us, excluded.last_at_us), last_source = excluded.last_source,
    last_event_id = excluded.last_event_id, calls = calls + excluded.calls`;

const FORMS_SQL = `
  INSERT INTO number_forms (number_id, form, first_at_us, last_at_us, calls)
  SELECT numbers.id, value ->> 1, value ->> 2, value ->> 3, value ->> 4
  FROM json_each(?) CROSS JOIN numbers ON numbers.number = value ->> 0
  WHERE EXISTS (SELECT 1 FROM number_forms WHERE number_id = numbers.id AND form = value ->> 1)
    OR (SELECT count(*) FROM number_forms WHERE number_id = numbers.id) < ${LIMITS.numberFormsMax}
  ON CONFLICT (number_id, form) DO UPDATE SET
    last_at_us = max(last_at_us, excluded.last_at_us), calls = calls + excluded.calls`;

export function createNumberTally(database: Database, reader: NumberReader): NumberTally {
  const seen = new Map<string, SeenNumber>();
  let statements: readonly [Statement, Statement] | null = null;
  return {
    add: (events) => events.map((event) => gather(reader, seen, event)),
    size: () => seen.size,
    write: async () => {
      if (seen.size === 0) return;
      statements ??= [await database.prepare(NUMBERS_SQL), await database.prepare(FORMS_SQL)];
      const [numberRows, formRows] = rowsOf([...seen.values()]);
      await statements[0].run([JSON.stringify(numberRows)]);
      await statements[1].run([JSON.stringify(formRows)]);
    },
    clear: () => {
      seen.clear();
    },
    finalize: async () => {
      for (const statement of statements ?? []) await statement.finalize();
      statements = null;
    },
  };
}

function gather(
  reader: NumberReader,
  seen: Map<string, SeenNumber>,
  { id, atUs, source, calledNumber }: TalliedEvent,
): PhoneNumber | null {
  const number = calledNumber === null ? null : reader.read(calledNumber, atUs);
  if (calledNumber === null || number === null) return null;
  let entry = seen.get(number.number);
  if (entry === undefined) {
    const last = { lastSource: source, lastEventId: id };
    entry = { number, ...first(atUs), ...last, forms: new Map() };
    seen.set(number.number, entry);
  }
  count(entry, atUs);
  entry.lastSource = source;
  entry.lastEventId = id;
  const form = quoteText(writtenForm(calledNumber), DIALLED_CHARS_MAX);
  let written = entry.forms.get(form);
  if (written === undefined && entry.forms.size < LIMITS.numberFormsMax)
    entry.forms.set(form, (written = first(atUs)));
  if (written !== undefined) count(written, atUs);
  return number;
}

/** As it came; parameters that make it too long for the table say nothing of the number. */
const writtenForm = (called: string): string =>
  called.length > DIALLED_CHARS_MAX ? called.replace(/;.*$/s, '') : called;

const first = (atUs: number): Seen => ({ firstAtUs: atUs, lastAtUs: atUs, calls: 0 });

function count(seen: Seen, atUs: number): void {
  seen.calls += 1;
  seen.firstAtUs = Math.min(seen.firstAtUs, atUs);
  seen.lastAtUs = Math.max(seen.lastAtUs, atUs);
}

function rowsOf(seen: readonly SeenNumber[]) {
  const numbers = seen.map(({ number, ...entry }) => [
    number.number,
    reverseDigits(number.number),
    number.valid === null ? null : Number(number.valid),
    number.country,
    number.callingCode,
    number.type,
    Number(number.highRisk),
    entry.firstAtUs,
    entry.lastAtUs,
    entry.lastSource,
    entry.lastEventId,
    entry.calls,
  ]);
  const forms = seen.flatMap((entry) =>
    [...entry.forms].map(([form, { firstAtUs, lastAtUs, calls }]) => [
      entry.number.number,
      form,
      firstAtUs,
      lastAtUs,
      calls,
    ]),
  );
  return [numbers, forms] as const;
}

/** The digits backwards, so that an index finds numbers by their end. */
export const reverseDigits = (number: string): string =>
  Array.from(number.replace('+', '')).reverse().join('');
