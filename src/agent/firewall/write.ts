import type { FirewallChange } from '../../core/model/block.js';
import { AgentError, messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import type { DesiredFirewall } from '../../firewall/port.js';
import { desiredBlocks } from './compare.js';
import type { Keeping } from './keeper-state.js';

/** Puts everything in force in one transaction, and begins to watch over it: `onLost` is told when rules of ours are gone. */
export async function syncAll(keeping: Keeping, onLost: () => void): Promise<void> {
  const { firewall } = keeping;
  try {
    // First, while there is little to see: nft keeps in memory what stands when it begins to watch.
    firewall.watch(onLost);
    const desired = desiredFirewall(keeping);
    const error = await firewall.sync(desired).then(() => null, toError);
    if (error === null) noteWhole(keeping);
    else await syncInParts(keeping, desired, error);
  } catch (error) {
    keeping.unwritten = true;
    keeping.lastError = messageOf(error);
    throw error;
  }
}

/**
 * Puts back what was taken away by the shortest way, the newest blocks first where there are very
 * many. True: all is in force again.
 */
export async function restoreSoon(keeping: Keeping): Promise<boolean> {
  let rest = 0;
  const newest = (): DesiredFirewall => {
    const desired = desiredFirewall(keeping);
    const blocks = desired.blocks.slice(-LIMITS.firewallRestoreBlocksMax);
    rest = desired.blocks.length - blocks.length;
    return { ...desired, blocks };
  };
  // What it fails for, the write of the whole that follows fails for too, and that one says it.
  const restored = await keeping.firewall.restore(newest).catch(() => false);
  if (!restored) return false;
  noteWhole(keeping);
  keeping.unwritten = rest > 0;
  return rest === 0;
}

/**
 * One block that the firewall refuses must not keep all others out: the rules are written without
 * blocks, and the blocks by the queue, which halves what is refused, names it, and tries it again.
 */
async function syncInParts(
  keeping: Keeping,
  desired: DesiredFirewall,
  error: Error,
): Promise<void> {
  const concernsAll =
    error instanceof AgentError && ['FIREWALL_MISSING', 'FIREWALL_DENIED'].includes(error.code);
  if (concernsAll || desired.blocks.length === 0) throw error;
  await keeping.firewall.sync({ ...desired, blocks: [] });
  noteWhole(keeping);
  keeping.options.say(`the blocks are written in parts, for all at once failed: ${error.message}`);
  const { blocks } = desired;
  for (let at = 0; at < blocks.length; at += LIMITS.firewallBatchChangesMax) {
    const part = blocks.slice(at, at + LIMITS.firewallBatchChangesMax);
    keeping.queue.submit(part.map((block): FirewallChange => ({ kind: 'add', ...block })));
    await keeping.queue.idle();
  }
}

function noteWhole(keeping: Keeping): void {
  keeping.drops.restart();
  keeping.failed.clear();
  keeping.unwritten = false;
  keeping.wroteWhole = true;
  keeping.lastError = null;
}

function desiredFirewall({ options }: Keeping): DesiredFirewall {
  const { state, nowUs, sipPorts, trap, storm } = options;
  return {
    protect: state.blocks.protect.peers.map(({ target }) => target),
    sipPorts,
    trap,
    blocksMax: state.settings.policy.blocksMax,
    blocks: desiredBlocks(state, nowUs()),
    limiting: state.blocks.breaker.tripped,
    storm,
  };
}

const toError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));
