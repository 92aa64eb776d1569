import { execa } from 'execa';
import type { AgentError } from '../core/model/errors.js';
import { LIMITS } from '../core/model/limits.js';
import { createIncludeFile } from './nft-include.js';
import { nftError } from './nft-run.js';

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
  /** Not for parallel use. `script` holds one command a line; all of them are one transaction. */
  run(script: string): Promise<NftAnswer>;
  /** true: the child that the last script went to has come to its end. */
  readonly hasEnded: () => boolean;
  close(): Promise<void>;
}

export interface NftChildOptions {
  readonly nowMs?: () => number;
  /** Lines after which another child takes its place; Infinity: never, for what it owns goes with it. */
  readonly linesMax?: number;
}

interface Child {
  readonly write: (text: string) => void;
  readonly end: () => Promise<void>;
  lines: number;
  said: string;
  ended: boolean;
  /** Told when something was said or the child ended. */
  wake: () => void;
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
  const { nowMs = () => performance.now(), linesMax = LIMITS.firewallChildLinesMax } = options;
  const includes = createIncludeFile();
  let child: Child | null = null;
  let asked = 0;
  let restUntilMs = -Infinity;

  const give = async (live: Child, script: string): Promise<NftAnswer> => {
    asked += 1;
    live.lines += 2;
    const word = `sentrypeer_end_${asked}`;
    const long = script.length > LIMITS.firewallChildLineCharsMax;
    const line = long ? await includes.put(script) : script.trimEnd().replaceAll('\n', '; ');
    if (line === null) return { kind: 'unknown' };
    live.said = '';
    live.write(`${line}\n${word}\n`);
    const msMax = long ? LIMITS.firewallBulkMsMax : LIMITS.firewallChildMsMax;
    const heard = await hear(live, word, msMax);
    if (heard === null) return { kind: 'unknown' };
    return /Error|ERROR/.test(heard)
      ? { kind: 'refused', error: nftError(heard) }
      : { kind: 'taken' };
  };

  const drop = async (): Promise<void> => {
    const old = child;
    child = null;
    await old?.end();
  };

  return {
    run: async (script) => {
      if (child !== null && (child.ended || child.lines > linesMax)) {
        await drop();
      }
      if (child === null && nowMs() < restUntilMs) return { kind: 'unknown' };
      child ??= start(command);
      const answer = await give(child, script);
      if (answer.kind === 'unknown') {
        restUntilMs = nowMs() + LIMITS.firewallChildRestMs;
        await drop();
      }
      return answer;
    },
    hasEnded: () => child === null || child.ended,
    close: async () => {
      await drop();
      await includes.remove();
    },
  };
}

/** What was said before the complaint about `word`; null when the complaint does not come. */
async function hear(child: Child, word: string, msMax: number): Promise<string | null> {
  return new Promise((resolve) => {
    const finish = (heard: string | null): void => {
      clearTimeout(timer);
      child.wake = () => undefined;
      resolve(heard);
    };
    const timer = setTimeout(() => {
      finish(null);
    }, msMax);
    const look = (): void => {
      const at = child.said.indexOf(`\n${word}`);
      if (at !== -1) finish(child.said.slice(0, Math.max(0, child.said.lastIndexOf('\n', at - 1))));
      else if (child.ended || child.said.length > LIMITS.firewallChildAnswerBytesMax) finish(null);
    };
    child.wake = look;
    look();
  });
}

function start(command: readonly string[]): Child {
  const [program = 'nft', ...before] = command;
  const running = execa(program, [...before, '-i'], {
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    // nft reads and writes a history in the home folder; here it finds none.
    env: {
      LC_ALL: 'C',
      HOME: '/nonexistent',
      PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
    },
  });
  const child: Child = {
    lines: 0,
    said: '\n',
    ended: false,
    wake: () => undefined,
    write: (text) => {
      running.stdin.write(text);
    },
    end: async () => {
      running.stdin.end();
      const timer = setTimeout(() => running.kill('SIGKILL'), LIMITS.firewallChildMsMax);
      await running;
      clearTimeout(timer);
    },
  };
  // A pipe to a program that has ended: its end is told below.
  running.stdin.on('error', () => undefined);
  running.stderr.on('data', (chunk: Buffer) => {
    child.said += chunk.toString('latin1');
    child.wake();
  });
  void running.then(() => {
    child.ended = true;
    child.wake();
  });
  return child;
}
