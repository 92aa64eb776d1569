import { formatTime } from '../api/views.js';
import type { StoredNumber } from '../store/read-numbers.js';
import { csvLine } from './csv.js';
import type { Column } from './table.js';
import { shortTime } from './words.js';

/** A dialled number as JSON. */
export const numberView = (number: StoredNumber) => ({
  number: number.number,
  valid: number.valid,
  country: number.country,
  calling_code: number.callingCode,
  type: number.type,
  high_risk: number.highRisk,
  calls: number.calls,
  first_seen_at: formatTime(number.firstAtUs),
  last_seen_at: formatTime(number.lastAtUs),
  last_source: number.lastSource,
  forms: number.forms,
  forms_total: number.formsTotal,
});

export type NumberView = ReturnType<typeof numberView>;

export const NUMBER_HEAD: readonly Column[] = [
  { title: 'NUMBER' },
  { title: 'COUNTRY', rank: 1 },
  { title: 'TYPE', tone: (cell) => (cell.endsWith('(high risk)') ? 'bad' : null) },
  { title: 'CALLS' },
  { title: 'FIRST SEEN (UTC)', rank: 4 },
  { title: 'LAST SEEN (UTC)', rank: 2 },
  { title: 'LAST SOURCE' },
  { title: 'WRITTEN AS', rank: 3 },
];

const FORMS_SHOWN_MAX = 5;

export function numberCells(number: NumberView): string[] {
  const shown = number.forms.slice(0, FORMS_SHOWN_MAX);
  const more = number.forms_total - shown.length;
  return [
    number.number,
    number.country ?? '-',
    `${number.type}${number.high_risk ? ' (high risk)' : ''}`,
    String(number.calls),
    shortTime(number.first_seen_at),
    shortTime(number.last_seen_at),
    number.last_source,
    `${shown.join(' ')}${more > 0 ? ` and ${more} more` : ''}`,
  ];
}

export const NUMBER_CSV_HEAD = csvLine([
  'number',
  'country',
  'type',
  'high_risk',
  'valid',
  'calls',
  'first_seen_at',
  'last_seen_at',
  'last_source',
  'forms',
]);

/** The number itself, `+` and digits at most, stays as it is: programs read it. */
export const numberCsv = (number: NumberView): string =>
  `${number.number},${csvLine([
    number.country,
    number.type,
    number.high_risk,
    number.valid,
    number.calls,
    number.first_seen_at,
    number.last_seen_at,
    number.last_source,
    number.forms.join(' '),
  ])}`;
