import { LIMITS } from '../../core/common/limits.js';
import { createLocalTimeReader, type LocalTimeReader } from '../../core/common/local-time.js';
import type { LogReport } from '../../core/model/log-report.js';
import { TIME } from './fields.js';
import type { Grammar, LineKind } from './grammar.js';
import {
  capturesOf,
  matchHead,
  matchWhole,
  mayMatch,
  type Captures,
  type Pattern,
} from './pattern.js';
import { isShaped, parseObject, reportOfJson } from './read-json.js';
import { makeReport } from './read-text.js';
import { createToldTwice } from './told-twice.js';

export interface LogCounts {
  /** Lines that were read. */
  lines: number;
  /** Of a kind that some grammar knows. */
  known: number;
  /** Those whose text could be read in two ways, so that nobody is named. */
  ambiguous: number;
  /** Those whose address or transport is none. */
  unnamed: number;
  /** Those that are continued on lines of their own: the text of others had line ends. */
  torn: number;
  /** Those of which another line of the same log told before. */
  twice: number;
}

/**
 * Reads the lines of one log in their order. A record is a line with those after it that have no
 * head, for the text of a stranger may hold a line end: it is told with the next record, or at `end`.
 */
export interface LogReader {
  readonly counts: Readonly<LogCounts>;
  readonly localTimes: LocalTimeReader;
  /** What the record before this line says; null: nothing. Never throws on account of the line. */
  read(line: string, nowUs: number): LogReport | null;
  /** What the last record says. */
  end(nowUs: number): LogReport | null;
}

const NOTHING: LogCounts = {
  lines: 0,
  known: 0,
  ambiguous: 0,
  unnamed: 0,
  torn: 0,
  twice: 0,
};

/** `zone`: whose local time the lines are in; a name of the IANA database. */
export function createLogReader(grammars: readonly Grammar[], zone: string): LogReader {
  const counts = { ...NOTHING };
  const isToldTwice = createToldTwice();
  const localTimes = createLocalTimeReader(zone);
  const shapes = grammars.filter(({ json }) => json !== null);
  const heads = headsOf(grammars);
  let pending: string | null = null;
  let pendingLines = 0;

  const readRecord = (line: string, nowUs: number): LogReport | null => {
    const found = line.startsWith('{') ? null : findKind(heads, line);
    if (found === null) return line.startsWith('{') ? readJson(line, nowUs) : null;
    counts.known += 1;
    if (found === 'ambiguous') {
      counts.ambiguous += 1;
      return null;
    }
    if (found.kind.outcome === null) return null;
    const report = makeReport({ line, ...found }, localTimes, nowUs);
    if (report === null) counts.unnamed += 1;
    else if (isToldTwice(report)) counts.twice += 1;
    else return report;
    return null;
  };

  const readJson = (line: string, nowUs: number): LogReport | null => {
    const fields = shapes.length === 0 ? null : parseObject(line);
    const grammar = fields === null ? undefined : shapes.find((each) => fits(each, fields));
    if (fields === null || grammar === undefined) return null;
    counts.known += 1;
    const report = reportOfJson(line, fields, grammar, localTimes, nowUs);
    if (report === null) counts.unnamed += 1;
    return report;
  };

  const end = (nowUs: number): LogReport | null => {
    const record = pending;
    pending = null;
    return record === null ? null : readRecord(record, nowUs);
  };

  return {
    counts,
    localTimes,
    read: (raw, nowUs) => {
      counts.lines += 1;
      const line = withoutColours(raw).trimEnd();
      if (pending !== null && line !== '' && !line.startsWith('{') && !hasHead(heads, line)) {
        if (pendingLines === 1) counts.torn += 1;
        pendingLines += 1;
        pending = pendingLines > LIMITS.pbxLogJoinedLinesMax ? '' : join(pending, line);
        return null;
      }
      const report = end(nowUs);
      if (line !== '') {
        pending = line;
        pendingLines = 1;
      }
      return report;
    },
    end,
  };
}

/** What has no end is no record: half of it must not be believed. */
const join = (record: string, line: string): string =>
  record.length + line.length < LIMITS.pbxLogJoinedCharsMax ? `${record}\n${line}` : '';

const fits = ({ json }: Grammar, fields: Readonly<Record<string, unknown>>): boolean =>
  json !== null && isShaped(json, fields);

interface Head {
  readonly pattern: Pattern;
  /** Kinds of the grammars with this head, by what their messages begin with. */
  readonly byStart: ReadonlyMap<string, readonly Entry[]>;
  /** Those that begin with less, or with anything; they are in each of the others, too. */
  readonly others: readonly Entry[];
}

/** Characters by which messages are told apart: `SecurityEvent="Inv`. */
const START_CHARS = 18;

interface Entry {
  readonly grammar: Grammar;
  readonly kind: LineKind;
  readonly pattern: Pattern;
}

function headsOf(grammars: readonly Grammar[]): readonly Head[] {
  const bySource = new Map<string, { pattern: Pattern; entries: Entry[] }>();
  for (const grammar of grammars) {
    for (const pattern of grammar.heads) {
      const head = bySource.get(pattern.source) ?? { pattern, entries: [] };
      bySource.set(pattern.source, head);
      for (const kind of grammar.lines) {
        head.entries.push(...kind.patterns.map((each) => ({ grammar, kind, pattern: each })));
      }
    }
  }
  return [...bySource.values()].map(({ pattern, entries }) => {
    const startOf = ({ pattern: { start } }: Entry): string => start.slice(0, START_CHARS);
    const isShort = (entry: Entry): boolean => startOf(entry).length < START_CHARS;
    const starts = entries.filter((entry) => !isShort(entry)).map(startOf);
    const byStart = new Map(
      starts.map((start) => [
        start,
        entries.filter((entry) =>
          isShort(entry) ? entry.pattern.mayBegin(start.charAt(0)) : startOf(entry) === start,
        ),
      ]),
    );
    return { pattern, byStart, others: entries.filter(isShort) };
  });
}

/** Lines of other programs begin with a time as well. */
const hasHead = (heads: readonly Head[], line: string): boolean =>
  BEGINS_WITH_TIME.test(line) || heads.some(({ pattern }) => matchHead(pattern, line) !== null);

interface Found {
  readonly grammar: Grammar;
  readonly kind: LineKind;
  readonly head: Captures;
  readonly fields: Captures;
}

/** The first kind whose pattern fits; what fits one in two ways names nobody. */
function findKind(heads: readonly Head[], line: string): Found | 'ambiguous' | null {
  for (const { pattern: headPattern, byStart, others } of heads) {
    const headFound = matchHead(headPattern, line);
    if (headFound === null) continue;
    const begin = headPattern.head.lastIndex;
    const entries = byStart.get(line.slice(begin, begin + START_CHARS)) ?? others;
    for (const { grammar, kind, pattern } of entries) {
      if (!mayMatch(pattern, line, begin)) continue;
      const fields = matchWhole(pattern, line, begin);
      if (fields === 'ambiguous') return 'ambiguous';
      if (fields === null) continue;
      return { grammar, kind, head: capturesOf(headPattern, headFound), fields };
    }
  }
  return null;
}

const BEGINS_WITH_TIME = new RegExp(`^\\[?(?:${TIME})`);

const COLOUR = /\u001b\[[0-9;]{0,16}[A-Za-z]/g;

const withoutColours = (line: string): string =>
  line.includes('\u001b') ? line.replace(COLOUR, '') : line;
