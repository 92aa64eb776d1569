import type { StoredNumber } from '../../store/read/read-numbers.js';
import { formatTime } from '../views.js';
import { csvLine } from './csv.js';

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
