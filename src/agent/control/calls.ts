import type { AgentCalls } from '../../api/calls.js';
import type { FirewallView, RuleView } from '../../api/views.js';
import { ruleStatus } from '../../core/detect/detect.js';
import { testAlerts, viewAlerts } from './alert-calls.js';
import { addBlock, addBlocks, clearBlocks, removeBlock } from './block-calls.js';
import { confirm } from './confirm.js';
import type { EffectRunner } from '../effects.js';
import type { JobBoard } from '../jobs/jobs.js';
import { protectPeer, unprotectPeer, viewPeers } from './protect-calls.js';
import { viewNearness } from './nearness-call.js';
import { firewallView, ruleView } from './rule-views.js';
import { createToken, revokeToken, viewTokens } from './token-calls.js';
import { viewStatus, type Running } from './status.js';
import type { AgentContext } from '../agent-context.js';

const DAY_US = 86_400_000_000;

/** What the commands ask, answered by this very process. `running` is null offline. */
export function createCalls(
  context: AgentContext,
  runner: EffectRunner,
  jobs: JobBoard,
  running: Running | null,
): AgentCalls {
  return {
    status: () => viewStatus(context, running),
    rules: () => viewRules(context),
    firewall: () => viewFirewall(context),
    nearness: (address) => viewNearness(context, address),
    addBlock: (request, origin) => addBlock(context, runner, request, origin),
    addBlocks: (requests, origin) => addBlocks(context, runner, requests, origin),
    clearBlocks: (filter) => clearBlocks(context, runner, filter),
    protectedPeers: () => Promise.resolve(viewPeers(context)),
    protectPeer: (peer) => protectPeer(context, runner, peer),
    unprotectPeer: (name) => unprotectPeer(context, runner, name),
    alerts: () => viewAlerts(context),
    testAlerts: (target) => testAlerts(context, target),
    tokens: () => Promise.resolve(viewTokens(context)),
    createToken: (request) => createToken(context, request),
    revokeToken: (name) => revokeToken(context, name),
    confirm: () => {
      confirm(context);
      return Promise.resolve({ confirmed: true });
    },
    removeBlock: (target) => removeBlock(context, runner, target),
    jobs: () => Promise.resolve(jobs.list()),
    runJob: (name) => jobs.runNow(name),
  };
}

async function viewRules({ rules, state, reader, nowUs }: AgentContext): Promise<RuleView[]> {
  const activity = await reader.ruleActivity(nowUs() - DAY_US);
  const faults = ruleStatus(state.detect);
  return rules.map((rule) =>
    ruleView(rule, {
      seen: activity.find((each) => each.rule === rule.id) ?? null,
      fault: faults.find((each) => each.rule === rule.id)?.fault ?? null,
    }),
  );
}

async function viewFirewall({ keeper, state }: AgentContext): Promise<FirewallView> {
  return firewallView(keeper.chosen, state.blocks.protect.peers);
}
