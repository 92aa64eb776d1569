interface Field {
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const FIELDS: readonly Field[] = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 7, names: DAYS },
];

/** Of February in a leap year, too. */
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * True for the five fields of crontab(5): numbers, names of months and days, `*`, ranges, lists and
 * steps, with a day that comes in some year. The scheduler itself belongs to the agent; here a wrong
 * schedule is found while the line and the file it stands in are still known. Not by the scheduler's
 * own check, which takes longer to load than most commands have, and takes seconds and other dialects.
 */
export function isCronExpression(text: string): boolean {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) return false;
  const read = FIELDS.map((field, index) => valuesOf(parts[index] ?? '', field));
  if (read.includes(null)) return false;
  const [, , days, months] = read;
  const first = Math.min(...(days ?? []));
  return (months ?? []).some((month) => first <= (DAYS_OF_MONTH[month - 1] ?? 0));
}

/** All that a field means; null when it is wrong. */
function valuesOf(text: string, field: Field): readonly number[] | null {
  const parts = text.split(',').map((part) => valuesOfPart(part, field));
  return parts.includes(null) ? null : parts.flatMap((values) => values ?? []);
}

function valuesOfPart(part: string, field: Field): readonly number[] | null {
  const match = /^(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/(\d{1,2}))?$/i.exec(part);
  const [, from = '', to, step = '1'] = match ?? [];
  if (match === null || Number(step) < 1) return null;
  if (from === '*') return to === undefined ? span(field.min, field.max, Number(step)) : null;
  const first = valueOf(from, field);
  // A step needs a span to step through: `5/10` means different things to different schedulers.
  if (to === undefined) return first === null || match[3] !== undefined ? null : [first];
  const last = valueOf(to, field);
  return first === null || last === null || first > last ? null : span(first, last, Number(step));
}

function span(first: number, last: number, step: number): readonly number[] {
  const count = Math.floor((last - first) / step) + 1;
  return Array.from({ length: count }, (_, index) => first + index * step);
}

function valueOf(text: string, field: Field): number | null {
  const named = field.names.indexOf(text.toLowerCase());
  if (named !== -1) return named + field.min;
  if (!/^\d{1,2}$/.test(text)) return null;
  const value = Number(text);
  return value < field.min || value > field.max ? null : value;
}
