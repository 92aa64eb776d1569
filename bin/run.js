#!/usr/bin/env node
import { execute } from '@oclif/core';
import { translateFlags } from '../dist/cli/reference-flags.js';

// SentryPeer's flags without a command work too, and say which command they stand for.
const { args, pointer } = translateFlags(process.argv.slice(2), 'sentrypeer-agent');
if (pointer !== null) process.stderr.write(`${pointer}\n`);
process.argv.splice(2, process.argv.length, ...args);

await execute({ dir: import.meta.url });
