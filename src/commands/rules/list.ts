import { Flags } from '@oclif/core';
import type { FirewallView, RuleView } from '../../api/views.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { renderFirewall, renderRules, renderRulesShort } from '../../cli/views/rules-view.js';
import { thisScreen } from '../../cli/text/screen.js';

interface RulesListing {
  readonly rules?: readonly RuleView[];
  readonly firewall?: FirewallView;
}

export default class RulesList extends AgentCommand {
  static override summary = 'Show the rules in force: detection rules, then firewall rules';
  static override description =
    'A detection rule gives a source points; at the threshold the source is blocked. Below them ' +
    'stands what is in the kernel now, as the firewall program prints it. On a terminal both are ' +
    'told in short, without --long; into a pipe all goes.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --detection --long',
    '<%= config.bin %> <%= command.id %> --firewall',
    "<%= config.bin %> <%= command.id %> --json | jq '.rules[].id'",
  ];
  static override flags = {
    detection: Flags.boolean({ description: 'only the detection rules', exclusive: ['firewall'] }),
    firewall: Flags.boolean({ description: 'only the firewall rules' }),
    long: Flags.boolean({ description: 'what each rule looks for, and the firewall in full' }),
  };

  async run(): Promise<RulesListing> {
    const { flags } = await this.parse(RulesList);
    const loaded = await this.loadToFind(flags.config);
    const { threshold } = loaded.settings.blocking;
    return this.withAgentOrNone(loaded, async (calls) => {
      const rules = flags.firewall ? null : await calls.rules();
      const firewall = flags.detection ? null : await calls.firewall();
      const short = thisScreen().columns !== null && !flags.long;
      if (rules !== null) this.log((short ? renderRulesShort : renderRules)(rules, threshold));
      if (rules !== null && firewall !== null) this.log('');
      if (firewall !== null) {
        this.log(renderFirewall(firewall, short && !flags.firewall ? 'short' : 'all'));
      }
      return { ...(rules && { rules }), ...(firewall && { firewall }) };
    });
  }
}
