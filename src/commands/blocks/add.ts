import { Args, Flags } from '@oclif/core';
import type { BlockView } from '../../api/views.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { describeScope, timeLeft } from '../../cli/words.js';
import { readDuration } from '../../cli/read-duration.js';

export default class BlocksAdd extends AgentCommand {
  static override summary = 'Block an address or a network by hand';
  static override description =
    'A network is blocked exactly as given. A target that covers a protected peer is refused.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 203.0.113.7',
    '<%= config.bin %> <%= command.id %> 203.0.113.0/24 --for 4h --reason "abuse report 4711"',
    '<%= config.bin %> <%= command.id %> 2001:db8:1:2::/64 --scope sip --for forever',
  ];
  static override args = {
    target: Args.string({ required: true, description: 'address or CIDR' }),
  };
  static override flags = {
    for: Flags.string({
      helpValue: 'DURATION',
      description: '90s, 10m, 4h, 7d or forever; else `duration` of the configuration',
    }),
    scope: Flags.option({ options: ['all', 'sip'] as const })({
      default: 'all',
      description: 'all: every packet; sip: those to the SIP ports',
    }),
    reason: Flags.string({ default: 'added by hand', description: 'shown in `blocks list`' }),
  };

  async run(): Promise<{ block: BlockView }> {
    const { args, flags } = await this.parse(BlocksAdd);
    const loaded = await this.load(flags.config);
    const durationS =
      flags.for === undefined ? loaded.settings.blocking.durationS : readDuration(flags.for);
    const block = await this.withAgent(
      loaded,
      (calls) =>
        calls.addBlock({
          target: args.target,
          scope: flags.scope,
          duration_s: durationS,
          reason: flags.reason,
        }),
      'write',
    );
    const left = timeLeft(block.expires_at, Date.now());
    this.log(`${block.target} is blocked: ${describeScope(block)}, ${left}.`);
    return { block };
  }
}
