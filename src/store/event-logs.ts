import type { EventRecord } from '../core/model/event.js';
import { formatEventLine } from './event-lines.js';
import type { EventFacts } from './facts.js';
import { JSON_FORMATS } from './json-formats.js';
import { openLineLog, type LineLog, type LogRotation } from './line-log.js';
import { createRotator } from './rotate.js';
import type { PersisterOptions, PersisterReport } from './persister.js';
import type { ArchiveCounts } from './types.js';
import { createRemoteLogs, type RemoteLogs } from './remote/remote-logs.js';
import { createTurns } from './turns.js';

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
  /**
   * Takes the events; they are written in order, one write a log. Resolves when they are, or when
   * it is known and reported that they are lost.
   */
  append(events: readonly DerivedEvent[]): Promise<void>;
  flush(): Promise<void>;
  /** Sets the logs aside, compresses them, deletes what is too old or too many. */
  archive(): Promise<ArchiveCounts>;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

interface Output {
  readonly file: string;
  readonly json: boolean;
  readonly log: LineLog;
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
  const remote = openRemote(options, report);
  const turns = createTurns();
  const failing = new Set<string>();

  const write = async (output: Output, events: readonly DerivedEvent[]): Promise<void> => {
    const { file, json, format } = output;
    // The JSON is ASCII; the lines for people may hold an ellipsis.
    const error = await output.log.append(events, format, json ? 'latin1' : 'utf8');
    if (error === null) {
      if (failing.delete(file)) report({ kind: 'notice', text: `${file} is written again` });
      if (json) report({ kind: 'logged', jsonLines: events.length, linesLost: 0 });
      return;
    }
    report({ kind: 'logged', jsonLines: 0, linesLost: events.length });
    if (failing.has(file)) return;
    failing.add(file);
    report({ kind: 'notice', text: `cannot write ${file}: ${error}; its lines are lost` });
  };

  return {
    append: (events) =>
      turns.take(async () => {
        if (events.length === 0) return;
        for (const { record, facts } of events) remote?.event(record, facts);
        for (const output of outputs) await write(output, events);
      }),
    flush: () => turns.take(() => Promise.resolve()),
    archive: async () => {
      const rotated = await turns.take(async () => {
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
      turns.take(async () => {
        for (const { log } of outputs) await log.reopen();
      }),
    close: () =>
      turns.take(async () => {
        for (const { log } of outputs) await log.close();
        await remote?.close();
        await rotator.idle();
      }),
  };
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
      log: await openLineLog(jsonLogFile, rotation),
      format: ({ record, facts }) => json(record, facts, options),
    });
  }
  if (logFile !== null) {
    outputs.push({
      file: logFile,
      json: false,
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
