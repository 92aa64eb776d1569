import { messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import {
  findOld,
  headOf,
  identityAt,
  isSame,
  isWholeHead,
  openLog,
  type LogFile,
} from './log-file.js';
import type { Position } from './positions.js';
import { createLineTaker, takeLines, type LineTaker } from './take-lines.js';

export interface FollowOptions {
  readonly path: string;
  /** How far it was read before; null: it was not, and what is there now is old news. */
  readonly position: Position | null;
  /** A line; null: one that is too long. */
  readonly line: (line: string | null) => void;
  /** Nothing more is there for now. */
  readonly pause: () => void;
  /** Lets others have their turn between two slices. */
  readonly turn: () => Promise<void>;
}

export interface LogFollower {
  /** Reads what has come; one look at a time. Never rejects. */
  look(): Promise<void>;
  position(): Position | null;
  /** One word about what is wrong; null: nothing. */
  trouble(): string | null;
  close(): Promise<void>;
}

/**
 * Follows one log through being renamed, cut short or replaced: what is left of the old one is read before
 * the new one. The position is that of the first line that was not told, so that half a line is
 * read again after a restart.
 */
export function createLogFollower(options: FollowOptions): LogFollower {
  const { path } = options;
  const state: State = {
    options,
    log: null,
    taker: createLineTaker(),
    offset: 0,
    head: '',
    kept: options.position,
    isFirst: true,
    closed: false,
    trouble: null,
  };
  let last: Promise<void> = Promise.resolve();
  let waiting = false;
  const lookOnce = async (): Promise<void> => {
    waiting = false;
    if (state.closed) return;
    try {
      await lookAt(state);
    } catch (error) {
      state.trouble = messageOf(error).replaceAll(path, 'it');
    }
    state.isFirst = false;
  };
  return {
    look: () => {
      // One that waits will see what came meanwhile, too.
      if (!waiting) {
        waiting = true;
        last = last.then(lookOnce);
      }
      return last;
    },
    position: () => positionOf(state),
    trouble: () => state.trouble,
    close: async () => {
      state.closed = true;
      await last;
      // The last position is asked for behind the end, too.
      state.kept = positionOf(state);
      await state.log?.handle.close();
      state.log = null;
    },
  };
}

interface State {
  readonly options: FollowOptions;
  log: LogFile | null;
  taker: LineTaker;
  /** Where the next bytes are read. */
  offset: number;
  head: string;
  /** Of a file that is not open as yet. */
  kept: Position | null;
  /** Nothing was looked at as yet. */
  isFirst: boolean;
  closed: boolean;
  trouble: string | null;
}

function positionOf({ log, offset, taker, head, kept }: State): Position | null {
  if (log === null) return kept;
  return { identity: log.identity, offset: Math.max(0, offset - taker.pendingBytes), head };
}

async function lookAt(state: State): Promise<void> {
  const { path } = state.options;
  if (state.log === null && !(await openFirst(state))) return;
  state.trouble = null;
  await readOn(state);
  const now = await identityAt(path);
  if (now === null) {
    state.trouble = 'it is gone';
  } else if (now !== state.log?.identity) {
    const next = await openLog(path);
    if (next === null) return;
    // What was written between the last look and the renaming.
    await readOn(state);
    await state.log?.handle.close();
    begin(state, next, 0);
    await readOn(state);
  }
}

/** Opens the log, and reads first what is left of the one that had its name before. */
async function openFirst(state: State): Promise<boolean> {
  const { path } = state.options;
  const log = await openLog(path);
  const { kept } = state;
  if (log === null) {
    state.trouble = 'it is not there';
    return false;
  }
  if (kept === null) {
    // At the start it is old; a file that comes later is new from its first line on.
    begin(state, log, state.isFirst ? (await log.handle.stat()).size : 0);
    return true;
  }
  if (kept.identity === log.identity && (await isSame(log, kept))) {
    begin(state, log, kept.offset);
    return true;
  }
  await readOld(state, kept, log.identity);
  if (state.closed) {
    await log.handle.close();
    return false;
  }
  begin(state, log, 0);
  return true;
}

async function readOld(state: State, position: Position, not: string): Promise<void> {
  const old = await findOld(state.options.path, position, not);
  if (old === null) return;
  begin(state, old, position.offset);
  state.head = position.head;
  await readRest(state, old);
  // Closed in the midst of it: it is gone on with there.
  state.kept = state.closed ? positionOf(state) : null;
  await old.handle.close();
  state.log = null;
}

function begin(state: State, log: LogFile, offset: number): void {
  state.log = log;
  state.offset = offset;
  state.head = '';
  state.kept = null;
  state.taker = createLineTaker();
}

/** Reads to the end. A file that is shorter than it was, or begins otherwise, was cut and written anew. */
async function readOn(state: State): Promise<void> {
  const { log } = state;
  if (log === null) return;
  const position = positionOf(state);
  if (position !== null && state.offset > 0 && !(await isSame(log, position))) {
    await readOld(state, position, log.identity);
    if (state.closed) {
      await log.handle.close();
      return;
    }
    begin(state, log, 0);
  }
  await readRest(state, log);
  if (!isWholeHead(state.head)) state.head = await headOf(log);
}

async function readRest(state: State, log: LogFile): Promise<void> {
  const { line, pause, turn } = state.options;
  const slice = Buffer.alloc(LIMITS.pbxLogSliceBytes);
  let hasRead = false;
  while (!state.closed) {
    const { bytesRead } = await log.handle.read(slice, 0, slice.length, state.offset);
    if (bytesRead === 0) break;
    hasRead = true;
    state.offset += bytesRead;
    for (const each of takeLines(state.taker, slice.subarray(0, bytesRead))) line(each);
    if (bytesRead === slice.length) await turn();
  }
  // The rest of a line may go on the one before it.
  if (!hasRead || state.taker.pendingBytes === 0) pause();
}
