import { Args, Flags } from '@oclif/core';
import type { AddedBlocks, AgentCalls } from '../../api/calls.js';
import type { BlockView } from '../../api/views.js';
import { addMany, describeAdded, readInput } from '../../cli/add-many.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { readBlocks, type ImportDefaults } from '../../cli/block-import.js';
import { describeScope } from '../../core/model/scope-words.js';
import { readDuration } from '../../core/common/read-duration.js';
import { confirmWide } from '../../cli/confirm-wide.js';
import type { LoadedSettings } from '../../config/load.js';
import { SCOPES } from '../../core/model/block.js';
import { formatDuration } from '../../core/common/duration.js';

type Added = { readonly block: BlockView } | AddedBlocks;

export default class BlocksAdd extends AgentCommand {
  static override summary = 'Block an address or a network by hand';
  static override description =
    'A network is blocked exactly as given. A target that is blocked already gets the new time, ' +
    'longer or shorter. One that covers a protected peer is refused, unless --force is given: then ' +
    'the peer is blocked too. A network wider than /8 (IPv6: /19) needs a yes, typed at the question ' +
    'or given as --yes. With - targets are read from stdin, one a line.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 203.0.113.7',
    '<%= config.bin %> <%= command.id %> 203.0.113.0/24 --for 4h --reason "abuse report 4711"',
    '<%= config.bin %> <%= command.id %> 2001:db8:1:2::/64 --scope sip --for forever',
    'cat targets.txt | <%= config.bin %> <%= command.id %> - --for 7d',
  ];
  static override args = {
    target: Args.string({ required: true, description: 'address or CIDR; -: many from stdin' }),
  };
  static override flags = {
    for: Flags.string({
      helpValue: 'DURATION',
      description: '90s, 10m, 4h, 7d or forever; else `duration` of the configuration',
    }),
    scope: Flags.option({ options: SCOPES })({
      default: 'all',
      description:
        'all: every packet; sip: those to the SIP ports; beside: all but those to the trap',
    }),
    reason: Flags.string({ default: 'added by hand', description: 'shown in `blocks list`' }),
    force: Flags.boolean({ description: 'also over a protected peer, which is cut off then' }),
    yes: Flags.boolean({ char: 'y', description: 'also a network wider than /8 (IPv6: /19)' }),
  };

  async run(): Promise<Added> {
    const { args, flags } = await this.parse(BlocksAdd);
    const loaded = await this.loadToFind(flags.config);
    const durationS =
      flags.for === undefined
        ? loaded.settings.blocking.durationS
        : readDuration(flags.for, '--for');
    const { scope, reason, force } = flags;
    const how = { scope, durationS, reason, force, wide: flags.yes };
    if (args.target === '-') return this.addFromStdin(loaded, how);
    const wide = flags.yes || (!force && (await confirmWide(args.target)));
    const request = { target: args.target, scope, duration_s: durationS, reason, force, wide };
    const add = (calls: AgentCalls) => calls.addBlock(request);
    const block = await this.withAgent(loaded, (calls) => this.addAndTell(calls, add), 'write');
    // The time that was asked for: what is left of it by now may be "1h 59m" of "2h".
    const time = durationS === null ? 'no end' : formatDuration(durationS);
    const what = block.simulated ? 'would be blocked (only recorded)' : 'is blocked';
    this.log(`${block.target} ${what}: ${describeScope(block)}, ${time}.`);
    return { block };
  }

  /** Who blocks somebody by hand must not believe him shut out when nothing is in force. */
  private async addAndTell<T>(
    calls: AgentCalls,
    add: (calls: AgentCalls) => Promise<T>,
  ): Promise<T> {
    const added = await add(calls);
    const { enforcing, why } = await calls.firewall();
    if (!enforcing) this.logToStderr(`No firewall rule was written: ${why}`);
    return added;
  }

  private async addFromStdin(loaded: LoadedSettings, how: ImportDefaults): Promise<AddedBlocks> {
    const read = readBlocks(await readInput('-'), how, Date.now());
    const result = await this.withAgent(
      loaded,
      (calls) => this.addAndTell(calls, () => addMany(calls, read.blocks, 'manual')),
      'write',
    );
    this.log(describeAdded(result, read));
    return result;
  }
}
