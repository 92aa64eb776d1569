import { execa } from 'execa';
import { messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { readJournalLine } from './journal-line.js';
import { createLineTaker, takeLines } from './take-lines.js';

export interface JournalOptions {
  readonly unit: string;
  /** Behind which record to begin; null: with what comes from now on. */
  readonly cursor: string | null;
  /** A record; null: one that is too long. */
  readonly line: (line: string | null) => void;
  /** Another program, for tests. */
  readonly program?: string;
}

export interface JournalFollower {
  cursor(): string | null;
  trouble(): string | null;
  close(): Promise<void>;
}

interface State {
  readonly options: JournalOptions;
  cursor: string | null;
  trouble: string | null;
  restMs: number;
  /** Ends the child, or the rest before the next one. */
  stop: () => void;
  closed: boolean;
}

/** Follows a unit of the systemd journal through journalctl, which is started anew when it ends. */
export function followJournal(options: JournalOptions): JournalFollower {
  const state: State = {
    options,
    cursor: options.cursor,
    trouble: null,
    restMs: LIMITS.pbxJournalRestMs,
    stop: () => undefined,
    closed: false,
  };
  const running = run(state);
  return {
    cursor: () => state.cursor,
    trouble: () => state.trouble,
    close: async () => {
      state.closed = true;
      state.stop();
      await running;
    },
  };
}

async function run(state: State): Promise<void> {
  while (!isClosed(state)) {
    try {
      state.trouble = await runOnce(state);
    } catch (error) {
      state.trouble = messageOf(error);
    }
    if (isClosed(state)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, state.restMs);
      state.stop = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    state.restMs = Math.min(state.restMs * 2, LIMITS.pbxJournalRestMsMax);
  }
}

const isClosed = ({ closed }: State): boolean => closed;

const FIXED = [
  '--follow',
  '--output=json',
  '--all',
  '--no-pager',
  '--output-fields=MESSAGE,SYSLOG_IDENTIFIER,_COMM,_PID,_HOSTNAME',
];

/** Resolves when the program has ended, with why. */
async function runOnce(state: State): Promise<string> {
  const { unit, program = 'journalctl' } = state.options;
  const from =
    state.cursor === null ? ['--lines=0'] : [`--after-cursor=${state.cursor}`, '--no-tail'];
  const child = execa(program, [...FIXED, `--unit=${unit}`, ...from], {
    buffer: false,
    reject: false,
    stdin: 'ignore',
    encoding: 'buffer',
  });
  state.stop = () => {
    child.kill('SIGTERM');
  };
  const taker = createLineTaker();
  let words = '';
  child.stdout.on('data', (bytes: Buffer) => {
    state.trouble = null;
    state.restMs = LIMITS.pbxJournalRestMs;
    for (const line of takeLines(taker, bytes)) take(state, line);
  });
  child.stderr.on('data', (bytes: Buffer) => {
    words = `${words}${bytes.toString()}`.slice(-WORDS_CHARS_MAX);
  });
  const { exitCode, code } = await child;
  if (code === 'ENOENT') return `${program} is not installed`;
  return words.trim() === '' ? `${program} ended with ${String(exitCode)}` : words.trim();
}

const WORDS_CHARS_MAX = 200;

function take(state: State, text: string | null): void {
  const record = text === null ? null : readJournalLine(text);
  if (record !== null) state.cursor = record.cursor;
  state.options.line(record?.line ?? null);
}
