import { appendFile, chmod } from 'node:fs/promises';
import { formatTime } from '../api/views.js';

/** The agent's own words, to the terminal and, with the time before them, to the log for people. */
export interface OwnLog {
  readonly say: (text: string) => void;
  /** Only to the log: what the terminal shows in another form. */
  readonly keep: (text: string) => void;
  /** The last lines, oldest first, for `status`. */
  readonly recent: () => readonly string[];
  readonly close: () => Promise<void>;
}

const RECENT_LINES = 10;
const LOG_MODE = 0o640;

/**
 * The store writes the lines of events to the same file; both append whole lines, and each of ours
 * opens the file anew, so that a rotated file is left to its rotator.
 */
export function createOwnLog(
  logFile: string | null,
  nowUs: () => number,
  print: (text: string) => void,
): OwnLog {
  let last: Promise<void> = Promise.resolve();
  const lines: string[] = [];
  const append = async (line: string): Promise<void> => {
    if (logFile === null) return;
    try {
      await appendFile(logFile, line, { mode: LOG_MODE });
      await chmod(logFile, LOG_MODE);
    } catch (error) {
      print(`log file ${logFile}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const keep = (text: string): void => {
    const line = `${formatTime(nowUs())} ${text}`;
    lines.push(line);
    if (lines.length > RECENT_LINES) lines.shift();
    last = last.then(() => append(`${line}\n`));
  };
  return {
    say: (text) => {
      print(text);
      keep(text);
    },
    keep,
    recent: () => lines,
    close: () => last,
  };
}
