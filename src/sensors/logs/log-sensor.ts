import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import type { LogReport } from '../../core/model/log-report.js';
import type { Grammar } from '../../records/logs/grammar.js';
import type { LogReader } from '../../records/logs/read-line.js';
import {
  openFileSource,
  openUnitSource,
  readerOf,
  type LogPlace,
  type LogSource,
  type SourceOptions,
  type UnitPlace,
} from './log-source.js';
import { loadPositions, savePositions, type Positions } from './positions.js';

export interface LogSensorOptions {
  readonly files: readonly LogPlace[];
  readonly journal: readonly UnitPlace[];
  readonly timeZone: string;
  readonly grammars: readonly Grammar[];
  /** Where it is kept how far each log was read. */
  readonly positionsFile: string;
  readonly nowUs: () => number;
  /**
   * `atUs`: when it was. That is now for what is read as it is written, whatever the zone of its log; the
   * time of the line for what was written while nobody read, which must not become one burst.
   */
  readonly take: (report: LogReport, atUs: number) => void;
  readonly say: (text: string) => void;
}

export interface LogSensorCounts {
  taken: number;
  /** Lines of no kind that is known, or that say nothing of anybody. */
  other: number;
  ambiguous: number;
  unnamed: number;
  /** Lines of which another line of the same log told before. */
  twice: number;
  tooLong: number;
}

export interface LogSensor {
  readonly counts: () => LogSensorCounts;
  /** Each place that is in trouble, with one word about it. */
  readonly troubles: () => readonly string[];
  /** What comes from now on is read by other grammars. */
  readonly setGrammars: (grammars: readonly Grammar[]) => void;
  /** Looks at all files now. */
  readonly look: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Follows logs and units of the journal, and gives what their lines say. Rejects for a kind that is none. */
export async function openLogSensor(options: LogSensorOptions): Promise<LogSensor> {
  const { files, journal, timeZone, grammars, positionsFile, nowUs, say } = options;
  for (const { kind } of [...files, ...journal]) checkKind(kind, grammars);
  const gone: Gone = { lines: 0, taken: 0, ambiguous: 0, unnamed: 0, twice: 0, tooLong: 0 };
  let catchingUp = true;
  let lastUs = 0;
  const give = (report: LogReport | null, own: boolean): void => {
    if (report === null) return;
    gone.taken += 1;
    // Time goes on: neither back, nor beyond now.
    lastUs = own ? Math.min(nowUs(), Math.max(lastUs, report.atUs)) : nowUs();
    options.take(report, lastUs);
  };
  const shared: SourceOptions = {
    reader: readerOf(grammars, timeZone),
    kept: await loadPositions(positionsFile),
    nowUs,
    give,
    isCatchingUp: () => catchingUp,
    tooLong: () => (gone.tooLong += 1),
  };
  const sources = [
    ...files.map((place) => openFileSource(place, shared)),
    ...journal.map((place) => openUnitSource(place, shared)),
  ];
  const keeper = createKeeper(positionsFile, sources, say);
  const look = async (): Promise<void> => {
    await Promise.all(sources.map((source) => source.look()));
    tellTroubles(sources, say);
  };
  // Hours of lines may wait: a start does not wait for them.
  void look().then(() => (catchingUp = false));
  const watchers = watchFolders(files, () => void look());
  const timer = setInterval(() => void look().then(keeper.save), LIMITS.pbxLogLookMs);
  return {
    counts: () => countsOf(sources, gone),
    troubles: () => sources.flatMap(({ name, told }) => (told === null ? [] : `${name}: ${told}`)),
    setGrammars: (next) => {
      const reader = readerOf(next, timeZone);
      for (const source of sources) {
        give(source.reader.end(nowUs()), false);
        addCounts(gone, source.reader);
        source.reader = reader(source.kind);
      }
    },
    look,
    close: async () => {
      clearInterval(timer);
      for (const watcher of watchers) watcher.close();
      await Promise.all(sources.map((source) => source.close()));
      await keeper.save();
    },
  };
}

function checkKind(kind: string, grammars: readonly Grammar[]): void {
  const kinds = [...new Set(grammars.map((grammar) => grammar.kind))];
  if (kind === 'auto' || kinds.includes(kind)) return;
  throw new Error(`there is no kind '${kind}' of logs; there are auto, ${kinds.join(', ')}`);
}

function tellTroubles(sources: readonly LogSource[], say: (text: string) => void): void {
  for (const source of sources) {
    const trouble = source.trouble();
    if (trouble !== source.told)
      say(`sensor log: ${source.name}: ${trouble ?? 'it is read again'}`);
    source.told = trouble;
  }
}

type Gone = Omit<LogSensorCounts, 'other'> & { lines: number };

function addCounts(gone: Gone, { counts }: LogReader): void {
  gone.lines += counts.lines;
  gone.ambiguous += counts.ambiguous;
  gone.unnamed += counts.unnamed;
  gone.twice += counts.twice;
}

function countsOf(sources: readonly LogSource[], gone: Gone): LogSensorCounts {
  const sum = { ...gone };
  for (const { reader } of sources) addCounts(sum, reader);
  const { lines, ...rest } = sum;
  const { taken, ambiguous, unnamed, twice } = rest;
  return { ...rest, other: Math.max(0, lines - taken - ambiguous - unnamed - twice) };
}

/** Writes positions where they have changed; a disk that takes nothing is said once. */
function createKeeper(file: string, sources: readonly LogSource[], say: (text: string) => void) {
  let written = '';
  let trouble: string | null = null;
  let last: Promise<void> = Promise.resolve();
  const saveOnce = async (): Promise<void> => {
    const now: Positions = { files: {}, journal: {} };
    for (const source of sources) source.keep(now);
    const text = JSON.stringify(now);
    if (text === written) return;
    try {
      await savePositions(file, now);
      written = text;
      trouble = null;
    } catch (error) {
      const words = messageOf(error);
      if (words !== trouble) say(`sensor log: how far logs were read is not kept: ${words}`);
      trouble = words;
    }
  };
  return { save: () => (last = last.then(saveOnce)) };
}

/** Folders, so that a log that comes anew is seen. Without them a look a second is enough. */
function watchFolders(files: readonly LogPlace[], onChange: () => void): readonly FSWatcher[] {
  const folders = new Set(files.map(({ path }) => dirname(path)));
  // /var/log is full of others.
  const names = new Set(files.map(({ path }) => basename(path)));
  return [...folders].flatMap((folder) => {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name === null || names.has(name)) onChange();
      });
      watcher.on('error', () => {
        watcher.close();
      });
      return [watcher];
    } catch {
      return [];
    }
  });
}
