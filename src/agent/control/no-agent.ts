import type { FirewallView, RuleView } from '../../api/views.js';
import type { LoadedSettings } from '../../config/load.js';
import type { ProtectedPeer } from '../../core/model/block.js';
import { loadAllRules } from '../all-rules.js';
import { createDiscovery } from '../peers/discover-peers.js';
import { chooseFor } from '../firewall/open-keeper.js';
import { createPeerBook } from '../peers/protected-peers.js';
import { resolveName } from '../peers/resolve-name.js';
import { firewallView, ruleView } from './rule-views.js';

/** What can be told where no agent ever ran, with no database made for it. */
export interface NoAgent {
  rules(): Promise<readonly RuleView[]>;
  firewall(): Promise<FirewallView>;
}

export const openNoAgent = (loaded: LoadedSettings): NoAgent => ({
  rules: async () => {
    const rules = await loadAllRules(loaded.settings.rulesDir);
    return rules.map((rule) => ruleView(rule, { seen: null, fault: null }));
  },
  firewall: async () => {
    const chosen = await chooseFor(loaded);
    return firewallView(chosen, await peersNow(loaded));
  },
});

/** Who would be protected, looked for now; nothing is kept. */
function peersNow({ settings, origins }: LoadedSettings): Promise<readonly ProtectedPeer[]> {
  const book = createPeerBook(createDiscovery(process.env), resolveName, () => undefined);
  const place = origins['blocking.protect'] ?? 'default';
  const sources = { configured: settings.blocking.protect, place, stored: [] };
  return book.gather(sources, Date.now() * 1000);
}
