import { Args, Flags } from '@oclif/core';
import type { AddedBlocks } from '../../api/calls.js';
import { addMany, describeAdded, readInput } from '../../cli/add-many.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { readBlocks, type OddPart } from '../../cli/block-import.js';
import { SCOPES } from '../../core/model/block.js';
import { readDuration } from '../../core/common/read-duration.js';

export default class BlocksImport extends AgentCommand {
  static override summary = 'Block every target of a file';
  static override description =
    'Takes what `blocks export` writes, in each of its formats, and lists of others: addresses and ' +
    'networks parted by spaces, commas or lines, what fail2ban-client, ipset save and nft list set ' +
    'print, and hosts.deny. What is not understood is named with its line. Remaining times are kept where the file has them. Protected ' +
    'peers are refused one by one and named; the rest is blocked.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> blocks.json',
    '<%= config.bin %> <%= command.id %> list.txt --for 7d --reason "list of the provider"',
    'ssh other sentrypeer-agent blocks export --format json | <%= config.bin %> <%= command.id %> -',
  ];
  static override args = {
    file: Args.string({ required: true, description: 'a file, or - for stdin' }),
  };
  static override flags = {
    for: Flags.string({
      helpValue: 'DURATION',
      description: 'for targets without a time: 90s, 10m, 4h, 7d or forever; else `duration`',
    }),
    scope: Flags.option({ options: SCOPES })({
      default: 'all',
      description:
        'for targets without one: all: every packet; sip: those to the SIP ports; beside: all but those to the trap',
    }),
    reason: Flags.string({ default: 'imported', description: 'for targets without one' }),
    yes: Flags.boolean({ char: 'y', description: 'also networks wider than /8 (IPv6: /19)' }),
  };

  async run(): Promise<AddedBlocks & { readonly not_understood: readonly OddPart[] }> {
    const { args, flags } = await this.parse(BlocksImport);
    const loaded = await this.loadToFind(flags.config);
    const durationS =
      flags.for === undefined
        ? loaded.settings.blocking.durationS
        : readDuration(flags.for, '--for');
    const { scope, reason } = flags;
    const how = { scope, reason, durationS, force: false, wide: flags.yes };
    const read = readBlocks(await readInput(args.file), how, Date.now());
    const result = await this.withAgent(
      loaded,
      (calls) => addMany(calls, read.blocks, 'import'),
      'write',
    );
    this.log(describeAdded(result, read));
    return { ...result, not_understood: read.odd };
  }
}
