import { execa } from 'execa';
import type { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { mindGroup } from '../child-group.js';
import { createIncludeFiles } from './include.js';
import { nftError } from './run.js';
import { rootRights } from '../root-rights.js';

/**
 * `taken`: in force; `refused`: none of it is; `unknown`: there is no child, or it ended or hung:
 * the same must be given to an nft of its own.
 */
export type NftAnswer =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly error: AgentError }
  | { readonly kind: 'unknown' };

/** A long-lived `nft -i`: one line, or one file that it reads, is one transaction. */
export interface NftChild {
  /** Starts it when there is none, so that the next script need not wait for that. */
  readonly start: () => void;
  /**
   * `script` holds one command a line; all of them are one transaction. It is given to nft before
   * this returns, and several may be under way: they keep their order.
   */
  run(script: string): Promise<NftAnswer>;
  close(): Promise<void>;
}

export interface NftChildOptions {
  readonly nowMs?: () => number;
}

interface Child {
  readonly write: (text: string) => void;
  readonly end: () => Promise<void>;
  lines: number;
  said: string;
  ended: boolean;
  /** Whose answers are to come, in order. */
  readonly waiting: Waiting[];
  timer: NodeJS.Timeout | undefined;
}

interface Waiting {
  readonly word: string;
  readonly msMax: number;
  /** Takes what was said before the complaint about `word`; null: that does not come. */
  readonly finish: (heard: string | null) => void;
}

/**
 * A change through it costs 0.3 to 1 ms where a spawn costs 3 ms on an idle machine and 30 ms on a
 * loaded one, and a spawn holds the event loop (measured). nft has no answer to a command, so after
 * each line comes a word that it cannot know: its complaint about that word tells that all before
 * was taken, and what it said before the complaint is the error of our line.
 */
export function createNftChild(
  command: readonly string[],
  options: NftChildOptions = {},
): NftChild {
  const { nowMs = () => performance.now() } = options;
  const includes = createIncludeFiles();
  let child: Child | null = null;
  let ending: Promise<void> = Promise.resolve();
  let asked = 0;
  let restUntilMs = -Infinity;

  const ask = async (line: string, msMax: number): Promise<NftAnswer> => {
    if (child !== null && (child.ended || child.lines > LIMITS.firewallChildLinesMax)) drop();
    if (child === null && nowMs() < restUntilMs) return { kind: 'unknown' };
    const live = (child ??= start(command));
    asked += 1;
    live.lines += 2;
    const word = `sentrypeer_end_${asked}`;
    live.write(`${line}\n${word}\n`);
    const heard = await hear(live, word, msMax);
    if (heard !== null) {
      return /Error|ERROR/.test(heard)
        ? { kind: 'refused', error: nftError(heard) }
        : { kind: 'taken' };
    }
    restUntilMs = nowMs() + LIMITS.firewallChildRestMs;
    if (child === live) drop();
    // Whoever tries the same elsewhere must not be overtaken by what this one still does.
    await ending;
    return { kind: 'unknown' };
  };

  const drop = (): void => {
    const old = child;
    child = null;
    if (old !== null) ending = Promise.all([ending, old.end()]).then(() => undefined);
  };

  const run = async (script: string): Promise<NftAnswer> => {
    if (script.length <= LIMITS.firewallChildLineCharsMax) {
      return ask(script.trimEnd().replaceAll('\n', '; '), LIMITS.firewallChildMsMax);
    }
    const include = includes.put(script);
    if (include === null) return { kind: 'unknown' };
    const answer = await ask(include.line, LIMITS.firewallBulkMsMax);
    // One that gave no answer may still read it.
    if (answer.kind !== 'unknown') include.free();
    return answer;
  };

  return {
    start: () => {
      if (child === null && nowMs() >= restUntilMs) child = start(command);
    },
    run,
    close: async () => {
      drop();
      await ending;
      await includes.remove();
    },
  };
}

/** What was said before the complaint about `word`; null when the complaint does not come. */
async function hear(child: Child, word: string, msMax: number): Promise<string | null> {
  return new Promise((finish) => {
    child.waiting.push({ word, msMax, finish });
    if (child.waiting.length === 1) expectFirst(child);
    if (child.ended) look(child);
  });
}

/** Gives out the answers that have come. */
function look(child: Child): void {
  for (let [first] = child.waiting; first !== undefined; [first] = child.waiting) {
    const at = child.said.indexOf(`\n${first.word}`);
    const over = child.ended || child.said.length > LIMITS.firewallChildAnswerBytesMax;
    if (at === -1 && !over) return;
    child.waiting.shift();
    first.finish(
      at === -1 ? null : child.said.slice(0, Math.max(0, child.said.lastIndexOf('\n', at - 1))),
    );
    child.said = child.said.slice(at + 1 + first.word.length);
    expectFirst(child);
  }
}

/** The time of an answer begins when all before it have come. */
function expectFirst(child: Child): void {
  clearTimeout(child.timer);
  const [first] = child.waiting;
  if (first === undefined) return;
  child.timer = setTimeout(() => {
    // What came while this process was busy is read before this.
    setImmediate(() => {
      if (child.waiting[0] === first) first.finish(null);
    });
  }, first.msMax);
}

function start(command: readonly string[]): Child {
  const [program = 'nft', ...before] = command;
  const running = execa(program, [...before, '-i'], {
    ...rootRights(),
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    detached: true,
    // nft reads and writes a history in the home folder; here it finds none.
    env: {
      LC_ALL: 'C',
      HOME: '/nonexistent',
      PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
    },
  });
  const group = mindGroup(running);
  const child: Child = {
    lines: 0,
    said: '\n',
    ended: false,
    waiting: [],
    timer: undefined,
    write: (text) => {
      running.stdin.write(text);
    },
    end: async () => {
      running.stdin.end();
      const timer = setTimeout(group.end, LIMITS.firewallChildMsMax);
      await running;
      clearTimeout(timer);
    },
  };
  // A pipe to a program that has ended: its end is told below.
  running.stdin.on('error', () => undefined);
  running.stderr.on('data', (chunk: Buffer) => {
    child.said += chunk.toString('latin1');
    look(child);
  });
  void running.then(() => {
    child.ended = true;
    look(child);
  });
  return child;
}
