import type { FirewallView, RuleView } from '../api/views.js';
import type { LoadedSettings } from '../config/load.js';
import { chooseFirewall } from '../firewall/select.js';
import { loadAllRules } from './all-rules.js';
import { gatherProtectedPeers } from './protected-peers.js';
import { firewallView, ruleView } from './rule-views.js';

/** What can be told where no agent ever ran, with no database made for it. */
export interface NoAgent {
  rules(): Promise<readonly RuleView[]>;
  firewall(): Promise<FirewallView>;
}

export const openNoAgent = ({ settings }: LoadedSettings): NoAgent => ({
  rules: async () => {
    const rules = await loadAllRules(settings.rulesDir);
    return rules.map((rule) => ruleView(rule, { seen: null, fault: null }));
  },
  firewall: async () => {
    const chosen = await chooseFirewall(settings.blocking);
    return firewallView(chosen, gatherProtectedPeers(settings.blocking.protect));
  },
});
