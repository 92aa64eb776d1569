/**
 * A field that no spreadsheet takes for a formula: one that begins with = + - @, a tab or a line
 * end gets an apostrophe before it. Quoted as RFC 4180 says.
 */
export function csvField(value: string | number | boolean | null): string {
  const text = value === null ? '' : String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Cells with commas between them, without a line end. */
export const csvLine = (cells: readonly (string | number | boolean | null)[]): string =>
  cells.map(csvField).join(',');
