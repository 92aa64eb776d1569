import { createLogReader, type LogReader } from '../../records/logs/read-line.js';
import type { Grammar } from '../../records/logs/grammar.js';
import type { LogReport } from '../../core/model/log-report.js';
import { followJournal } from './follow-journal.js';
import { createLogFollower } from './follow-log.js';
import type { Positions } from './positions.js';

/** A log, and of which kind its lines are; `auto`: of any. */
export interface LogPlace {
  readonly path: string;
  readonly kind: string;
}

export interface UnitPlace {
  readonly unit: string;
  readonly kind: string;
}

/** One log, or one unit of the journal, with how its lines are read. */
export interface LogSource {
  readonly name: string;
  readonly kind: string;
  reader: LogReader;
  /** Its trouble as it was said last. */
  told: string | null;
  readonly look: () => Promise<void>;
  readonly trouble: () => string | null;
  /** Puts down how far it was read. */
  readonly keep: (into: Positions) => void;
  readonly close: () => Promise<void>;
}

export interface SourceOptions {
  readonly reader: (kind: string) => LogReader;
  readonly kept: Positions;
  readonly nowUs: () => number;
  /** What a line says; null: nothing. `own`: at its own time, not now. */
  readonly give: (report: LogReport | null, own: boolean) => void;
  /** Lines are read that were written while nobody read. */
  readonly isCatchingUp: () => boolean;
  readonly tooLong: () => void;
}

export const readerOf = (grammars: readonly Grammar[], timeZone: string) => (kind: string) =>
  createLogReader(
    grammars.filter((grammar) => kind === 'auto' || grammar.kind === kind),
    timeZone,
  );

export function openFileSource({ path, kind }: LogPlace, options: SourceOptions): LogSource {
  const { reader, kept, nowUs, give, tooLong, isCatchingUp } = options;
  const follower = createLogFollower({
    path,
    position: kept.files[path] ?? null,
    line: (line) => {
      if (line === null) tooLong();
      else give(source.reader.read(line, nowUs()), isCatchingUp());
    },
    pause: () => {
      give(source.reader.end(nowUs()), isCatchingUp());
    },
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  });
  const source: LogSource = {
    ...follower,
    name: path,
    kind,
    reader: reader(kind),
    told: null,
    keep: ({ files }) => {
      const position = follower.position();
      if (position !== null) files[path] = position;
    },
  };
  return source;
}

export function openUnitSource({ unit, kind }: UnitPlace, options: SourceOptions): LogSource {
  const { reader, kept, nowUs, give, tooLong } = options;
  const follower = followJournal({
    unit,
    cursor: kept.journal[unit] ?? null,
    line: (line) => {
      if (line === null) tooLong();
      else give(source.reader.read(line, nowUs()), true);
      // A record of the journal is whole, and its time is sure.
      give(source.reader.end(nowUs()), true);
    },
  });
  const source: LogSource = {
    ...follower,
    name: `journal ${unit}`,
    kind,
    reader: reader(kind),
    told: null,
    look: () => Promise.resolve(),
    keep: ({ journal }) => {
      const cursor = follower.cursor();
      if (cursor !== null) journal[unit] = cursor;
    },
  };
  return source;
}
