import { execute } from '@oclif/core';
import { isConfigured, translateFlags } from './reference-flags.js';

/** The command line of this process, for bin/run.js, whose folder is `program`'s. */
export async function main(program: string): Promise<void> {
  // SentryPeer's flags without a command work too, and say which command they stand for.
  const { args, env, pointer } = translateFlags(process.argv.slice(2), {
    program: 'sentrypeer-agent',
    folder: process.cwd(),
    configured: isConfigured(process.env),
    terminal: process.stdout.isTTY,
  });
  if (pointer !== null) process.stderr.write(`${pointer}\n`);
  process.argv.splice(2, process.argv.length, ...args);
  Object.assign(process.env, env);
  if (args.length === 0) {
    // Nothing was asked for: help is a hint then, and no answer that a pipe waits for.
    process.stdout.write = process.stderr.write.bind(process.stderr);
    process.exitCode = 2;
  }
  await execute({ dir: program });
}
