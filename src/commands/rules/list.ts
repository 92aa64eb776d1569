import { Flags } from '@oclif/core';
import type { FirewallView, RuleView } from '../../api/views.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { renderTable } from '../../cli/table.js';
import { count } from '../../cli/words.js';

interface RulesListing {
  readonly rules?: readonly RuleView[];
  readonly firewall?: FirewallView;
}

export default class RulesList extends AgentCommand {
  static override summary = 'Show the rules in force: detection rules, then firewall rules';
  static override description =
    'A detection rule gives a source points; at the threshold the source is blocked. Below them ' +
    'stands what is in the kernel now, as the firewall program prints it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --detection',
    '<%= config.bin %> <%= command.id %> --firewall',
    "<%= config.bin %> <%= command.id %> --json | jq '.rules[].id'",
  ];
  static override flags = {
    detection: Flags.boolean({ description: 'only the detection rules', exclusive: ['firewall'] }),
    firewall: Flags.boolean({ description: 'only the firewall rules' }),
  };

  async run(): Promise<RulesListing> {
    const { flags } = await this.parse(RulesList);
    const loaded = await this.loadToFind(flags.config);
    const { threshold } = loaded.settings.blocking;
    return this.withAgentOrNone(loaded, async (calls) => {
      const rules = flags.firewall ? null : await calls.rules();
      const firewall = flags.detection ? null : await calls.firewall();
      if (rules !== null) this.log(renderRules(rules, threshold));
      if (rules !== null && firewall !== null) this.log('');
      if (firewall !== null) this.log(renderFirewall(firewall));
      return { ...(rules && { rules }), ...(firewall && { firewall }) };
    });
  }
}

function renderRules(rules: readonly RuleView[], threshold: number): string {
  const head = ['RULE', 'ATTACK TYPE', 'POINTS', 'SEEN 24H', 'BLOCKS 24H', 'CONDITION'];
  const rows = rules.map((rule) => [
    rule.id,
    rule.attack_type,
    String(rule.points),
    String(rule.sightings_24h),
    String(rule.blocks_24h),
    rule.fault === null ? rule.condition : `${rule.condition} (switched off: ${rule.fault})`,
  ]);
  const title = `${count(rules.length, 'detection rule')}; a source with ${threshold} points is blocked`;
  return `${title}\n\n${renderTable(head, rows)}`;
}

function renderFirewall(firewall: FirewallView): string {
  const state = firewall.enforcing ? 'enforcing' : 'not enforcing';
  const title = `Firewall: ${firewall.backend}, ${state} (${firewall.why})`;
  const protect = `never blocked: ${firewall.protect.join(', ') || 'nobody'}`;
  if (!firewall.present) return `${title}\n${protect}\nNo rule of ours is in the firewall.`;
  return `${title}\n${protect}\n${count(firewall.blocks, 'block')} in the sets below\n\n${firewall.rules.trimEnd()}`;
}
