/**
 * JSON in printable ASCII on one line: JSON itself leaves DEL, C1 controls, U+2028 and bidi marks
 * as they are. What is undefined is left out.
 */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Null and empty text as undefined, which JSON leaves out. */
export const present = <Value>(value: Value | null): Value | undefined =>
  value === null || value === '' ? undefined : value;
