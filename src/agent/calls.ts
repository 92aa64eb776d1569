import type { AddBlock, AgentCalls, RemovedBlock } from '../api/calls.js';
import { blockView, type BlockView, type FirewallView, type RuleView } from '../api/views.js';
import { blocksCovering } from '../core/block/block-table.js';
import { explainTarget } from '../core/block/request.js';
import { ruleStatus } from '../core/detect/detect.js';
import { covers, parseCidr } from '../core/model/address.js';
import type { Block } from '../core/model/block.js';
import { AgentError } from '../core/model/errors.js';
import { quoteText } from '../core/model/text.js';
import { step, type Effect } from '../core/step.js';
import type { AgentContext } from './context.js';
import type { EffectRunner } from './effects.js';
import type { JobBoard } from './jobs.js';
import { firewallView, ruleView } from './rule-views.js';
import { viewStatus, type Running } from './status.js';

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
    addBlock: (request) => addBlock(context, runner, request),
    removeBlock: (target) => removeBlock(context, runner, target),
    packetsDropped: (targets) => Promise.resolve(viewDropped(context, targets)),
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

function viewDropped({ keeper }: AgentContext, targets: readonly string[]): Record<string, number> {
  const known = targets.map((target) => [target, keeper.packetsDropped(target)] as const);
  return Object.fromEntries(
    known.flatMap(([target, packets]) => (packets === null ? [] : [[target, packets]])),
  );
}

async function addBlock(
  context: AgentContext,
  runner: EffectRunner,
  request: AddBlock,
): Promise<BlockView> {
  const { target, scope, duration_s: durationS, reason } = request;
  const asked = { target, scope, durationS, reason, origin: 'manual' } as const;
  const effects = step(context.state, { kind: 'block', request: asked }, context.nowUs());
  refuse(effects, target, context);
  runner.run(effects, null);
  await settle(context, runner);
  const made = effects.find((effect) => effect.kind === 'block');
  if (made === undefined) throw new Error('a request was neither refused nor carried out');
  return blockView(made.block, null);
}

/** Turns a refusal into the error that says what to do about it. */
function refuse(effects: readonly Effect[], target: string, { loaded }: AgentContext): void {
  const refused = effects.find((effect) => effect.kind === 'refused');
  if (refused === undefined) return;
  const { refusal } = refused;
  const shown = quoteText(target);
  switch (refusal.kind) {
    case 'bad-target':
      throw new AgentError(
        'USAGE',
        `block target ${shown}: ${refusal.why}`,
        'give an address (203.0.113.7, 2001:db8::7) or a network (203.0.113.0/24)',
      );
    case 'protected':
      throw new AgentError(
        'PROTECTED',
        `block target ${shown}: covers the protected peer ${refusal.peer.target} (${refusal.peer.from})`,
        'choose a target without it, or take the peer off `protect` in the configuration',
      );
    case 'full':
      throw new AgentError(
        'FIREWALL_FAILED',
        `block target ${shown}: ${loaded.settings.blocking.blocksMax} blocks are in force already`,
        'remove some, or raise max_blocks in the section [blocking]',
      );
  }
}

async function removeBlock(
  context: AgentContext,
  runner: EffectRunner,
  target: string,
): Promise<RemovedBlock> {
  const cidr = parseCidr(target);
  if (cidr === null) {
    throw new AgentError(
      'USAGE',
      `block target ${quoteText(target)}: ${explainTarget(target)}`,
      'give the target as `sentrypeer-agent blocks list` shows it',
    );
  }
  const effects = step(context.state, { kind: 'unblock', target: cidr.text }, context.nowUs());
  const ended = effects.find((effect) => effect.kind === 'block-ended');
  const still = coveringTargets(context, cidr.text);
  if (ended === undefined) {
    const hint = still.length === 0 ? '' : ` (it is covered by ${still.join(', ')})`;
    throw new AgentError(
      'NOT_FOUND',
      `there is no active block of ${cidr.text}${hint}`,
      'see `sentrypeer-agent blocks list`',
    );
  }
  runner.run(effects, null);
  await settle(context, runner);
  return { removed: blockView(ended.block, null), still_covered_by: still };
}

function coveringTargets({ state, nowUs }: AgentContext, target: string): string[] {
  const inner = parseCidr(target);
  const address = target.slice(0, target.indexOf('/'));
  if (inner === null) return [];
  const isWider = ({ target: other }: Block): boolean => {
    const outer = parseCidr(other);
    return other !== target && outer !== null && covers(outer, inner);
  };
  const covering = blocksCovering(state.blocks.table, address, nowUs());
  return covering.filter(isWider).map((block) => block.target);
}

/** A command's answer tells what is so: kernel and database have it before it is given. */
async function settle(context: AgentContext, runner: EffectRunner): Promise<void> {
  runner.handOver();
  const failedBefore = context.keeper.stats().failed;
  await context.keeper.idle();
  await context.store.flush();
  const { failed, lastError } = context.keeper.stats();
  if (failed > failedBefore) {
    throw new AgentError(
      'FIREWALL_FAILED',
      `recorded, but not in the firewall: ${lastError ?? 'no word from it'}`,
      'see `sentrypeer-agent rules list --firewall`; the check each minute tries again',
    );
  }
}
