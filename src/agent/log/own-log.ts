import { appendFile } from 'node:fs/promises';
import { messageOf } from '../../core/common/errors.js';
import { formatTime } from '../../api/views.js';
import { LIMITS } from '../../core/common/limits.js';
import { safeText } from '../../core/common/text.js';
import { prepareFile } from '../../store/database/files.js';

/**
 * The agent's own words: to the terminal, with the time before them to the log for people, and to a
 * syslog server and the journal.
 */
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
 * The store writes the lines of events to the same file; both append whole lines, and each batch
 * of ours opens the file anew, so that a rotated file is left to its rotator.
 */
export function createOwnLog(
  logFile: string | null,
  nowUs: () => number,
  print: (text: string) => void,
  forward: (text: string, atUs: number) => void,
): OwnLog {
  const recent: string[] = [];
  let waiting: string[] = [];
  let leftOut = 0;
  let writing: Promise<void> = Promise.resolve();
  const write = async (): Promise<void> => {
    if (logFile === null || waiting.length === 0) return;
    const more = leftOut === 0 ? '' : `${formatTime(nowUs())} ${leftOut} lines were left out\n`;
    const lines = `${waiting.join('\n')}\n${more}`;
    waiting = [];
    leftOut = 0;
    try {
      await prepareFile(logFile, LOG_MODE);
      await appendFile(logFile, lines);
    } catch (error) {
      print(`log file ${logFile}: ${messageOf(error)}`);
    }
  };
  const take = (words: string, atUs: number): void => {
    // What a hook, a program or a list of others said is in it, and must stay one line of text.
    const text = safeText(words);
    forward(text, atUs);
    const line = `${formatTime(atUs)} ${text}`;
    recent.push(line);
    if (recent.length > RECENT_LINES) recent.shift();
    if (waiting.length >= LIMITS.ownLogLinesWaitingMax) {
      leftOut += 1;
      return;
    }
    waiting.push(line);
    // The first line of a batch begins its writing; those that come meanwhile go together next.
    if (waiting.length === 1) writing = writing.then(write);
  };
  const said: { readonly text: string; readonly atUs: number }[] = [];
  const settle = (): void => {
    for (const { text, atUs } of said.splice(0)) take(text, atUs);
  };
  /** A thousand blocks at once are a thousand lines: they wait until the packets were dealt with. */
  const keep = (text: string): void => {
    said.push({ text, atUs: nowUs() });
    if (said.length === 1) setImmediate(settle);
  };
  return {
    say: (text) => {
      print(text);
      keep(text);
    },
    keep,
    recent: () => {
      settle();
      return recent;
    },
    close: async () => {
      settle();
      await writing;
    },
  };
}
