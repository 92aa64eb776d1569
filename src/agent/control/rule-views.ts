import type { FirewallView, RuleView } from '../../api/views.js';
import { describeRule } from '../../core/detect/detect.js';
import type { ProtectedPeer } from '../../core/model/block.js';
import type { Rule } from '../../core/model/rule.js';
import type { ChosenFirewall } from '../../firewall/select.js';
import type { RuleActivity } from '../../store/read/reader.js';

/** What a rule has done; `seen` null: nothing, or nobody has looked. */
export interface RuleDeeds {
  readonly seen: RuleActivity | null;
  readonly fault: string | null;
}

export const ruleView = (rule: Rule, { seen, fault }: RuleDeeds): RuleView => ({
  id: rule.id,
  version: rule.version,
  attack_type: rule.attackType,
  severity: rule.severity,
  condition: describeRule(rule),
  points: rule.points,
  source_file: rule.sourceFile,
  sightings_24h: seen?.sightings ?? 0,
  blocks_24h: seen?.blocks ?? 0,
  fault,
});

/** Our rules as they are in the kernel now. */
export async function firewallView(
  { firewall, enforcing, why }: ChosenFirewall,
  peers: readonly ProtectedPeer[],
): Promise<FirewallView> {
  const actual = await firewall.read();
  return {
    backend: firewall.name,
    enforcing,
    why,
    present: actual.present,
    protect: peers.map(({ target, from }) => `${target} (${from})`),
    blocks: actual.blocks.length,
    rules: actual.present ? await firewall.print() : '',
  };
}
