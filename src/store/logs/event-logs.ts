import { lstat, realpath, stat } from 'node:fs/promises';
import type { EventRecord } from '../../core/model/event.js';
import { formatEventLine } from './event-lines.js';
import type { EventFacts } from '../event-facts.js';
import { JSON_FORMATS } from './json-formats.js';
import { createChunkMaker } from './line-chunks.js';
import { openLineLog, type LineLog, type LogRotation } from './line-log.js';
import { createRotator } from './rotate.js';
import type { ArchiveCounts } from '../types.js';
import { createRemoteLogs, type RemoteLogs } from './remote/remote-logs.js';
import { createMutex } from '../../core/common/mutex.js';
import type { PersisterOptions, PersisterReport } from '../write/persister-types.js';

/** An event with what its bytes say. */
export interface DerivedEvent {
  readonly record: EventRecord;
  readonly facts: EventFacts;
}

/**
 * The logs of events: JSON for machines, lines for people, a syslog server and the journal. Each may
 * be absent.
 */
export interface EventLogs {
  /** Begins a batch of events. */
  begin(): LogBatch;
  flush(): Promise<void>;
  /** Sets the logs aside, compresses them, deletes what is too old or too many. */
  archive(): Promise<ArchiveCounts>;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** Events that are written together. */
export interface LogBatch {
  /** Writes the lines of an event down, and keeps nothing else of it. */
  add(event: DerivedEvent): void;
  /**
   * Begins to write, after the batches before, and resolves when the lines are written, or when it
   * is known and reported that they are lost.
   */
  written(): Promise<void>;
}

interface Output {
  readonly file: string;
  readonly json: boolean;
  readonly log: LineLog;
  /** The JSON is ASCII; the lines for people may hold an ellipsis. */
  readonly encoding: 'latin1' | 'utf8';
  readonly format: (event: DerivedEvent) => string;
}

/** Rejects with STATE_UNWRITABLE when a log cannot be opened. */
export async function openEventLogs(
  options: PersisterOptions,
  report: (report: PersisterReport) => void,
): Promise<EventLogs> {
  const rotator = createRotator(options.rotation, Date.now, (text) => {
    report({ kind: 'notice', text });
  });
  const rotation = { bytesMax: options.rotation.bytesMax, rotator };
  const outputs = await openOutputs(options, rotation);
  for (const output of outputs) await tellIfKept(output, report);
  const remote = openRemote(options, report);
  const mutex = createMutex();
  const chunkMaker = createChunkMaker();
  const write = createWriter(report);

  return {
    begin: () => {
      const lines = outputs.map(({ encoding }) => chunkMaker.begin(encoding));
      let count = 0;
      return {
        add: (event) => {
          count += 1;
          remote?.event(event.record, event.facts);
          outputs.forEach(({ format }, index) => lines[index]?.add(format(event)));
        },
        written: () =>
          mutex.run(async () => {
            for (const [index, output] of outputs.entries()) {
              if (count > 0) await write(output, lines[index]?.chunks() ?? [], count);
              lines[index]?.free();
            }
          }),
      };
    },
    flush: () => mutex.run(() => Promise.resolve()),
    archive: async () => {
      const rotated = await mutex.run(async () => {
        let count = 0;
        for (const { log } of outputs) if (await log.rotate()) count += 1;
        return count;
      });
      // Lines go on being written while the old files are compressed.
      await rotator.idle();
      let deleted = 0;
      for (const { file } of outputs) deleted += await rotator.tidy(file);
      return { rotated, deleted };
    },
    reopen: () =>
      mutex.run(async () => {
        for (const { log } of outputs) await log.reopen();
      }),
    close: () =>
      mutex.run(async () => {
        for (const { log } of outputs) await log.close();
        await remote?.close();
        await rotator.idle();
      }),
  };
}

/** Writes a batch's lines into a log. A failure loses its lines alone, and is told once. */
function createWriter(report: (report: PersisterReport) => void) {
  const failing = new Set<string>();
  return async (
    { file, json, log }: Output,
    chunks: readonly Buffer[],
    count: number,
  ): Promise<void> => {
    const error = await log.append(chunks);
    if (error === null) {
      if (failing.delete(file)) report({ kind: 'notice', text: `${file} is written again` });
      if (json) report({ kind: 'logged', jsonLines: count, linesLost: 0 });
      return;
    }
    report({ kind: 'logged', jsonLines: 0, linesLost: count });
    if (failing.has(file)) return;
    failing.add(file);
    report({ kind: 'notice', text: `cannot write ${file}: ${error}; its lines are lost` });
  };
}

/** What goes to the terminal or a pipe grows nowhere; a file behind a link does. */
async function tellIfKept(
  { file, log }: Output,
  report: (report: PersisterReport) => void,
): Promise<void> {
  if ((await log.mayRotate()) || !(await growsBehindLink(file))) return;
  report({
    kind: 'notice',
    text:
      `${file} is a link to ${await realpath(file)}: it is written, but never set aside, for that ` +
      'would move the link alone; name the file itself in the configuration, or rotate it there',
  });
}

async function growsBehindLink(file: string): Promise<boolean> {
  if (!(await lstat(file)).isSymbolicLink() || !(await stat(file)).isFile()) return false;
  // Where the standard output goes is for those to say who started us.
  return !/^\/(?:dev|proc)\//.test(file);
}

async function openOutputs(
  options: PersisterOptions,
  rotation: LogRotation,
): Promise<readonly Output[]> {
  const { jsonLogFile, logFile } = options;
  const json = JSON_FORMATS[options.jsonLogFormat];
  const outputs: Output[] = [];
  if (jsonLogFile !== null) {
    outputs.push({
      file: jsonLogFile,
      json: true,
      encoding: 'latin1',
      log: await openLineLog(jsonLogFile, rotation),
      format: ({ record, facts }) => json(record, facts, options),
    });
  }
  if (logFile !== null) {
    outputs.push({
      file: logFile,
      json: false,
      encoding: 'utf8',
      log: await openLineLog(logFile, rotation),
      format: ({ record, facts }) => formatEventLine(record, facts),
    });
  }
  return outputs;
}

function openRemote(
  options: PersisterOptions,
  report: (report: PersisterReport) => void,
): RemoteLogs | null {
  if (options.remote === null) return null;
  return createRemoteLogs(options.remote, 'events', options, {
    onNotice: (text) => {
      report({ kind: 'notice', text });
    },
    onCounts: (counts) => {
      report({ kind: 'remote', counts });
    },
  });
}
