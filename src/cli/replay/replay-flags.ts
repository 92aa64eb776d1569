import { Flags } from '@oclif/core';
import { timeZoneFlag } from '../text/time-zone.js';

/** By what a record is judged: flags of every command that reads one. */
export const JUDGING_FLAGS = {
  rule: Flags.string({
    helpValue: 'FILE',
    multiple: true,
    multipleNonGreedy: true,
    description: 'rules to try beside those in force; one with the same id takes the place',
  }),
  only: Flags.boolean({
    dependsOn: ['rule'],
    description: 'try the rules of --rule alone, without those in force',
  }),
  protect: Flags.string({
    helpValue: 'CIDR',
    multiple: true,
    multipleNonGreedy: true,
    description: 'never blocked, beside those of the configuration',
  }),
  local: Flags.string({
    helpValue: 'CIDR',
    multiple: true,
    multipleNonGreedy: true,
    description: "in captures: the host's own addresses, so that what it sent is left out",
  }),
  port: Flags.integer({
    helpValue: 'PORT',
    multiple: true,
    multipleNonGreedy: true,
    min: 1,
    max: 65_535,
    description: 'in captures: a SIP port, beside those of the configuration',
  }),
  pbx: Flags.boolean({
    description: 'captures were made beside a PBX: judge by its answers, with the rules for a PBX',
  }),
  'time-zone': timeZoneFlag,
  limit: Flags.integer({ default: 50, min: 1, max: 10_000, description: 'rows of each list' }),
};
