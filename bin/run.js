#!/usr/bin/env node
import { execute } from '@oclif/core';
import { isConfigured, translateFlags } from '../dist/cli/reference-flags.js';

// SentryPeer's flags without a command work too, and say which command they stand for.
const { args, env, pointer } = translateFlags(process.argv.slice(2), {
  program: 'sentrypeer-agent',
  folder: process.cwd(),
  configured: isConfigured(process.env),
  terminal: process.stdout.isTTY === true,
});
if (pointer !== null) process.stderr.write(`${pointer}\n`);
process.argv.splice(2, process.argv.length, ...args);
Object.assign(process.env, env);
if (args.length === 0) {
  // Nothing was asked for: help is a hint then, and no answer that a pipe waits for.
  process.stdout.write = process.stderr.write.bind(process.stderr);
  process.exitCode = 2;
}

await execute({ dir: import.meta.url });
