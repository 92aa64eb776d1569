import type { NumberView } from '../../api/views/number.js';
import type { Column } from '../text/table.js';
import { shortTime } from '../../core/common/time-words.js';

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
