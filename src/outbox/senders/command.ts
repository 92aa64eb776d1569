import { execa, ExecaError } from 'execa';
import { LIMITS } from '../../core/common/limits.js';
import type { Notice } from '../../core/model/notice.js';
import { SendError, type Sender } from '../sender.js';
import { noticeAsJson, type NoticeOrigin } from './plain-text.js';

/** Only what a program needs to run at all; the agent's own environment may hold secrets. */
const KEPT_VARIABLES = ['PATH', 'HOME', 'LANG', 'TZ'];

/** Runs a program without a shell, the notice as JSON on its standard input; 0 means it was taken. */
export function createCommand(file: string, origin: NoticeOrigin): Sender {
  return {
    name: 'command',
    place: `the program ${file}`,
    send: async (notice: Notice) => {
      const env = Object.fromEntries(
        KEPT_VARIABLES.flatMap((name) => {
          const value = process.env[name];
          return value === undefined ? [] : [[name, value] as const];
        }),
      );
      try {
        await execa(file, [], {
          input: `${JSON.stringify(noticeAsJson(notice, origin))}\n`,
          env,
          extendEnv: false,
          timeout: LIMITS.outboxSendMsMax,
          killSignal: 'SIGKILL',
          maxBuffer: 65_536,
        });
      } catch (error) {
        throw new SendError(describe(error));
      }
    },
  };
}

function describe(error: unknown): string {
  if (!(error instanceof ExecaError)) return 'it could not be run';
  if (error.timedOut) return `it did not end in ${LIMITS.outboxSendMsMax / 1_000} s`;
  if (error.exitCode !== undefined) return `it ended with ${error.exitCode}`;
  return `it could not be run (${error.code ?? error.signal ?? 'unknown fault'})`;
}
