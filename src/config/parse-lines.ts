import { quoteText } from '../core/common/text.js';
import { LIMITS } from '../core/common/limits.js';

/** One `key = value` line. `section` null: above the first `[section]`. */
export interface ConfigEntry {
  readonly line: number;
  readonly section: string | null;
  readonly key: string;
  readonly value: string;
}

export interface LineProblem {
  readonly line: number;
  readonly what: string;
}

export interface ParsedLines {
  readonly entries: readonly ConfigEntry[];
  readonly problems: readonly LineProblem[];
}

/**
 * Splits a configuration file into its entries. A `#` begins a comment at the start of a line or
 * after a blank; values need no quotes, and a pair of double quotes around one is taken off.
 * A byte order mark and CRLF line ends are accepted. Every odd line is reported, none is dropped.
 */
export function parseLines(text: string): ParsedLines {
  const entries: ConfigEntry[] = [];
  const problems: LineProblem[] = [];
  let section: string | null = null;
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    if (raw.length > LIMITS.configLineCharsMax) {
      problems.push({
        line,
        what: `the line is longer than ${LIMITS.configLineCharsMax} characters`,
      });
      continue;
    }
    const bare = stripComment(raw).trim();
    if (bare === '') continue;
    const header = /^\[\s*([^\]]*?)\s*\]$/.exec(bare);
    if (header !== null) {
      section = header[1] ?? '';
      continue;
    }
    const equals = bare.indexOf('=');
    if (equals < 1) {
      problems.push({
        line,
        what: `read '${quoteText(bare)}', expected 'key = value' or '[section]'`,
      });
      continue;
    }
    const value = unquote(bare.slice(equals + 1).trim());
    entries.push({ line, section, key: bare.slice(0, equals).trim(), value });
  }
  return { entries, problems };
}

function stripComment(line: string): string {
  const comment = /(^|\s)#/.exec(line);
  return comment === null ? line : line.slice(0, comment.index);
}

function unquote(value: string): string {
  return /^"[^"]*"$/.test(value) ? value.slice(1, -1) : value;
}
