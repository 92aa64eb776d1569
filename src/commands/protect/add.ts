import { Args, Flags } from '@oclif/core';
import type { ProtectedNow } from '../../api/calls.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { count } from '../../cli/text/words.js';

export default class ProtectAdd extends AgentCommand {
  static override summary = 'Never block a peer, and lift what blocks it now';
  static override description =
    'The peer is kept in the database, beside those of the configuration. A host name is resolved ' +
    'again every minute (A, AAAA and the SIP SRV records).';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 192.0.2.10 --note "trunk of the carrier"',
    '<%= config.bin %> <%= command.id %> sip.example.org',
    '<%= config.bin %> <%= command.id %> 2001:db8:4::/48',
  ];
  static override args = {
    peer: Args.string({ required: true, description: 'address, CIDR or host name' }),
  };
  static override flags = {
    note: Flags.string({ default: '', description: 'why, shown in `protect list`' }),
  };

  async run(): Promise<ProtectedNow> {
    const { args, flags } = await this.parse(ProtectAdd);
    const loaded = await this.loadToFind(flags.config);
    const peer = { name: args.peer, note: flags.note };
    const result = await this.withAgent(loaded, (calls) => calls.protectPeer(peer), 'write');
    const now =
      result.targets.length === 0 ? 'nothing yet: it does not resolve' : result.targets.join(', ');
    this.log(`${result.name} is never blocked (now ${now}).`);
    if (result.lifted_blocks > 0) this.log(`${count(result.lifted_blocks, 'block')} lifted.`);
    return result;
  }
}
