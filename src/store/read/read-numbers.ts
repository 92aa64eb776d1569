import { dialledDigits, readDialled } from '../../core/sip/dialled-number.js';
import {
  loadNumberingPlan,
  NUMBER_TAIL_DIGITS,
  readNumber,
  type NumberingPlan,
  type NumberType,
} from '../statistics/phone-number.js';
import { boundLimit } from './read-events.js';
import type { Database, SqlValue } from '../database/sqlite.js';
import { reverseDigits } from '../statistics/tally-numbers.js';

/** A number that was dialled, with the ways in which it was written. */
export interface StoredNumber {
  readonly id: number;
  readonly number: string;
  readonly valid: boolean | null;
  readonly country: string | null;
  readonly callingCode: string | null;
  readonly type: NumberType;
  readonly highRisk: boolean;
  readonly firstAtUs: number;
  readonly lastAtUs: number;
  readonly lastSource: string;
  readonly calls: number;
  /** Most frequent first, at most FORMS_LISTED_MAX. Escaped. */
  readonly forms: readonly string[];
  readonly formsTotal: number;
}

export interface NumberFilter {
  readonly limit: number;
  /** Last seen at or after this moment. */
  readonly sinceUs?: number;
  readonly country?: string;
  readonly type?: NumberType;
  readonly highRisk?: boolean;
  /** `last`: the last seen first; `calls`: the most called first. */
  readonly order: 'last' | 'calls';
  /** Numbers after this one in the order `last`: moment and id of the last one of the page before. */
  readonly after?: { readonly lastAtUs: number; readonly id: number };
}

/** A number as it was written by those who dialled it so. */
export interface DialledForm {
  readonly form: string;
  readonly lastAtUs: number;
  readonly calls: number;
}

export interface NumberQueries {
  listNumbers(filter: NumberFilter): Promise<readonly StoredNumber[]>;
  /** A text that is another one when something of these numbers is. */
  numbersMark(filter: Omit<NumberFilter, 'limit' | 'order' | 'after'>): Promise<string>;
  /** Forms of digits, and + before them, the last dialled first. */
  listForms(limit: number): Promise<readonly DialledForm[]>;
  /** Numbers that are this one, however it is written; empty when it was never dialled. */
  findNumber(text: string): Promise<readonly StoredNumber[]>;
  /** Numbers that end in these digits, the most called first. */
  findNumbersBySuffix(text: string, limit: number): Promise<readonly StoredNumber[]>;
}

const FORMS_LISTED_MAX = 50;

const NUMBER_ROW = `id, number, valid, country, calling_code AS callingCode, type,
  high_risk AS highRisk, first_at_us AS firstAtUs, last_at_us AS lastAtUs,
  last_source AS lastSource, calls,
  (SELECT json_group_array(form) FROM (SELECT form FROM number_forms WHERE number_id = numbers.id
     ORDER BY calls DESC, form LIMIT ${FORMS_LISTED_MAX})) AS forms,
  (SELECT count(*) FROM number_forms WHERE number_id = numbers.id) AS formsTotal`;

type NumberRow = Omit<StoredNumber, 'valid' | 'highRisk' | 'forms'> & {
  readonly valid: number | null;
  readonly highRisk: number;
  readonly forms: string;
};

/** `homeCountry`: as the numbers were read when they were written; null for none. */
export function createNumberQueries(database: Database, homeCountry: string | null): NumberQueries {
  let plan: NumberingPlan | null = null;
  const select = async (rest: string, values: readonly SqlValue[]): Promise<StoredNumber[]> => {
    const rows = await database.all<NumberRow>(`SELECT ${NUMBER_ROW} FROM numbers ${rest}`, values);
    return rows.map(storedNumber);
  };
  const exact = (text: string, numbers: readonly string[]): Promise<StoredNumber[]> =>
    select(
      `WHERE number IN (SELECT value FROM json_each(?))
         OR id IN (SELECT number_id FROM number_forms WHERE form = ?) ORDER BY calls DESC`,
      [JSON.stringify(numbers), text],
    );
  return {
    listNumbers: (filter) => {
      const { where, values } = conditionsOf(filter);
      const order = filter.order === 'last' ? 'last_at_us DESC, id DESC' : 'calls DESC, id DESC';
      return select(`${where} ORDER BY ${order} LIMIT ?`, [...values, boundLimit(filter.limit)]);
    },
    numbersMark: async (filter) => {
      const { where, values } = conditionsOf({ ...filter, limit: 0, order: 'last' });
      const row = await database.get<{ mark: string }>(
        `SELECT count(*) || ' ' || coalesce(max(last_at_us), '') || ' ' || total(calls)
           || ' ' || total(id) AS mark FROM numbers ${where}`,
        values,
      );
      return row?.mark ?? '';
    },
    listForms: (limit) =>
      database.all<DialledForm>(
        `SELECT form, last_at_us AS lastAtUs, calls FROM number_forms
         WHERE form <> '' AND ltrim(form, '+') NOT GLOB '*[^0-9]*'
         ORDER BY last_at_us DESC, form LIMIT ?`,
        [boundLimit(limit)],
      ),
    findNumber: async (text) => {
      const dialled = readDialled(text);
      const digits = dialledDigits(text);
      if (dialled === null || digits === null) return [];
      // The plan, which takes a moment to load, takes away what is before the last digits alone.
      if (!(await isTailKnown(database, digits))) return exact(text, []);
      plan ??= await loadNumberingPlan();
      const { number } = readNumber(dialled, plan, homeCountry);
      // In a flood numbers are taken by their digits, without the plan.
      return exact(text, [number, `+${digits}`, digits, readNumber(dialled, null).number]);
    },
    findNumbersBySuffix: async (text, limit) => {
      const digits = dialledDigits(text);
      if (digits === null) return [];
      const from = reverseDigits(digits);
      // `:` is what follows the digits in ASCII.
      return select('WHERE reversed >= ? AND reversed < ? ORDER BY calls DESC, id LIMIT ?', [
        from,
        `${from}:`,
        boundLimit(limit),
      ]);
    },
  };
}

/** False when no number ends as these digits do. */
async function isTailKnown(database: Database, digits: string): Promise<boolean> {
  const from = reverseDigits(digits.slice(-NUMBER_TAIL_DIGITS));
  const row = await database.get(
    'SELECT 1 FROM numbers WHERE reversed >= ? AND reversed < ? LIMIT 1',
    [from, `${from}:`],
  );
  return row !== null;
}

function conditionsOf(filter: NumberFilter): { where: string; values: readonly SqlValue[] } {
  const { sinceUs, country, type, highRisk, after } = filter;
  const texts: string[] = [];
  const values: SqlValue[] = [];
  const add = (text: string, ...bound: readonly SqlValue[]): void => {
    texts.push(text);
    values.push(...bound);
  };
  if (sinceUs !== undefined) add('last_at_us >= ?', sinceUs);
  if (country !== undefined) add('country = ?', country);
  if (type !== undefined) add('type = ?', type);
  if (highRisk !== undefined) add('high_risk = ?', Number(highRisk));
  if (after !== undefined) add('(last_at_us, id) < (?, ?)', after.lastAtUs, after.id);
  return { where: texts.length === 0 ? '' : `WHERE ${texts.join(' AND ')}`, values };
}

const storedNumber = (row: NumberRow): StoredNumber => ({
  ...row,
  valid: row.valid === null ? null : row.valid === 1,
  highRisk: row.highRisk === 1,
  forms: JSON.parse(row.forms) as string[], // json_group_array of a text column.
});
