import type { AddBlock, AddedBlocks, ClearFilter, RemovedBlock } from '../../api/calls.js';
import { blockView, type BlockView } from '../../api/views.js';
import { blocksCovering } from '../../core/block/block-table.js';
import { explainTarget } from '../../core/block/request.js';
import { covers, parseCidr } from '../../core/common/address.js';
import type { Block, Scope } from '../../core/model/block.js';
import { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { quoteText, safeText } from '../../core/common/text.js';
import type { Effect } from '../../core/flow.js';
import { step } from '../../core/step.js';
import type { EffectRunner } from '../effects.js';
import type { AgentContext } from '../agent-context.js';

export async function addBlock(
  context: AgentContext,
  runner: EffectRunner,
  request: AddBlock,
  origin: 'manual' | 'api' = 'manual',
): Promise<BlockView> {
  const { target, scope, duration_s: durationS } = request;
  refuseScope(context, scope, target);
  const reason = safeText(request.reason);
  const asked = {
    target,
    scope,
    durationS,
    reason,
    origin,
    force: request.force,
    wide: request.wide ?? false,
  } as const;
  const effects = step(context.state, { kind: 'block', request: asked }, context.nowUs());
  refuse(effects, target, context);
  runner.run(effects, null);
  await settle(context, runner);
  const made = effects.find((effect) => effect.kind === 'block');
  if (made === undefined) throw new Error('a request was neither refused nor carried out');
  return blockView(made.block, null);
}

/** Many at once: the firewall takes them together, and what is refused is named. */
export async function addBlocks(
  context: AgentContext,
  runner: EffectRunner,
  requests: readonly AddBlock[],
  origin: 'manual' | 'import' | 'api',
): Promise<AddedBlocks> {
  const refused: AddedBlocks['refused'][number][] = [];
  let added = 0;
  for (const { target, scope, duration_s: durationS, reason, force, wide = false } of requests) {
    const asked = { target, scope, durationS, reason: safeText(reason), origin, force, wide };
    try {
      refuseScope(context, scope, target);
      const effects = step(context.state, { kind: 'block', request: asked }, context.nowUs());
      refuse(effects, target, context);
      for (const effect of effects) if (effect.kind === 'block') context.meter.block(effect.block);
      runner.run(quiet(effects), null);
      added += 1;
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      refused.push({ target: quoteText(target), why: error.message });
    }
  }
  context.log.say(`${added} blocks added (${origin}), ${refused.length} refused`);
  await settle(context, runner);
  return { added, refused };
}

/**
 * Ends every block that matches, and leaves nothing of them in the firewall. A part at a time: kernel
 * and database have each before the next, for neither takes any number at once.
 */
export async function clearBlocks(
  context: AgentContext,
  runner: EffectRunner,
  { origin, scope }: ClearFilter,
): Promise<{ readonly removed: number }> {
  const { state, nowUs, log } = context;
  const blocks = [...state.blocks.table.byTarget.values()]
    .filter((block) => origin === null || block.origin === origin)
    .filter((block) => scope === null || block.scope === scope);
  let removed = 0;
  for (let at = 0; at < blocks.length; at += LIMITS.blocksPerRequestMax) {
    for (const { id, target } of blocks.slice(at, at + LIMITS.blocksPerRequestMax)) {
      // One that has come to its end meanwhile, and one in its place, were not meant.
      if (state.blocks.table.byTarget.get(target)?.id !== id) continue;
      runner.run(quiet(step(state, { kind: 'unblock', target }, nowUs())), null);
      removed += 1;
    }
    await settle(context, runner);
  }
  log.say(`${removed} blocks cleared`);
  return { removed };
}

/** One line for thousands of blocks is enough: they are stored without being said one by one. */
const quiet = (effects: readonly Effect[]): readonly Effect[] =>
  effects.map((effect) => {
    if (effect.kind === 'block') return { kind: 'block-changed', block: effect.block };
    if (effect.kind === 'block-ended') return { ...effect, quiet: true };
    return effect;
  });

/** A block that the firewall cannot write as it is meant is none. */
function refuseScope({ keeper }: AgentContext, scope: Scope, target: string): void {
  const { firewall } = keeper.chosen;
  if (scope !== 'beside' || firewall.takesBeside) return;
  throw new AgentError(
    'USAGE',
    `block target ${quoteText(target)}: ${firewall.name} cannot close all but the trap (scope beside)`,
    'give --scope all or sip, or set backend = nftables in [blocking]',
  );
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
    case 'wide':
      throw new AgentError(
        'USAGE',
        `block target ${shown}: ${refusal.why}, and needs a yes`,
        'give a narrower network, or say yes if that is what you mean (--yes; "yes": true)',
      );
    case 'protected':
      throw new AgentError(
        'PROTECTED',
        `block target ${shown}: covers the protected peer ${refusal.peer.target} (${refusal.peer.from})`,
        'choose a target without it, end its protection, or block it all the same by force (--force; "force": true)',
      );
    case 'full':
      throw new AgentError(
        'FIREWALL_FAILED',
        `block target ${shown}: ${loaded.settings.blocking.blocksMax} blocks are in force already`,
        'remove some, or raise max_blocks in the section [blocking]',
      );
  }
}

export async function removeBlock(
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
  // What failed and was tried again with success meanwhile is in force.
  if (failed > failedBefore && lastError !== null) {
    throw new AgentError(
      'FIREWALL_FAILED',
      `recorded, but not in the firewall: ${lastError}`,
      'see `sentrypeer-agent rules list --firewall`; the check each minute tries again',
    );
  }
}
