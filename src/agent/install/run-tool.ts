import { execa, type Options } from 'execa';

/** A directory of accounts may answer slowly, a service may take its time to start. */
const TOOL_MS_MAX = 300_000;

/** Runs a program of the system for an installation, which waits for none of them without end. */
export const runTool = <Given extends Options>(
  program: string,
  words: readonly string[],
  options?: Given,
) => execa(program, words, { timeout: TOOL_MS_MAX, killSignal: 'SIGKILL', ...options } as Given);
